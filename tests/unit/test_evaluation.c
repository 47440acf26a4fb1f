/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions and clocks are evaluated without a single allocation: counted over every rule and every golden case. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../lib/event_slots.h"
#include "../../lib/protocol_index.h"
#include "written_case.h"

static size_t allocations;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
/* The sanitizers own malloc, and tell who asks (sanitizer/allocator_interface.h, which gcc does not ship). */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
                                              void (*free_hook)(const volatile void *));

static void count_malloc(const volatile void *memory, size_t len)
{
    (void)memory;
    (void)len;
    allocations++;
}

static void count_free(const volatile void *memory)
{
    (void)memory;
}

static int start_counting(void **state)
{
    return __sanitizer_install_malloc_and_free_hooks(count_malloc, count_free) > 0 ? shipped_load(state) : -1;
}
#else
/* glibc lets a program put its own in front. */
void *__libc_malloc(size_t len);
void *__libc_calloc(size_t count, size_t len);
void *__libc_realloc(void *memory, size_t len);
void *malloc(size_t len);
void *calloc(size_t count, size_t len);
void *realloc(void *memory, size_t len);

void *malloc(size_t len)
{
    allocations++;
    return __libc_malloc(len);
}

void *calloc(size_t count, size_t len)
{
    allocations++;
    return __libc_calloc(count, len);
}

void *realloc(void *memory, size_t len)
{
    allocations++;
    return __libc_realloc(memory, len);
}

static int start_counting(void **state)
{
    return shipped_load(state);
}
#endif

/* Every rule that listens, as a decision would ask it; how many were asked. */
static size_t evaluate(const struct shipped *shipped, const struct decide_input *input)
{
    const struct protocol_arms *arms = protocol_arms(shipped->protocol, event_type_index(input->event));
    struct term_scope scope;
    struct deadline_due due;

    term_scope_init(&scope, input);
    for (size_t i = 0; i < arms->count; i++) {
        const struct rule_arm *arm = arms->list[i];

        (void)expr_eval(arm->when, &scope);
        for (size_t k = 0; arm->within != NULL && k < arm->rule->also_count; k++)
            (void)expr_eval(arm->also[k], &scope);
        if (arm->within != NULL)
            deadline_compute(arm->within, shipped->calendar, &scope, &due);
    }
    return arms->count;
}

static size_t evaluate_file(const struct shipped *shipped, const char *path)
{
    size_t len, before, asked;
    char *text = shipped_read(path, &len);
    char *reason = NULL;
    struct decide_case *one = decide_case_parse(text, len, &reason);

    if (one == NULL)
        fail_msg("%s: %s", path, reason);
    before = allocations;
    asked = evaluate(shipped, decide_case_input(one));
    if (allocations != before)
        fail_msg("%s: %zu allocations", path, allocations - before);
    decide_case_free(one);
    free(text);
    return asked;
}

static void test_evaluation_allocates_nothing_for_any_rule(void **state)
{
    static const char folder[] = "tests/golden/decisions";
    DIR *dir = opendir(folder);
    size_t asked = 0;

    assert_non_null(dir);
    for (const struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char *path = mem_printf("%s/%s", folder, entry->d_name);

        if (strstr(entry->d_name, ".json") != NULL)
            asked += evaluate_file(*state, path);
        free(path);
    }
    closedir(dir);
    assert_true(asked > 500);
}

/* Or the test above would pass with hooks that hear nothing. */
static void test_evaluation_counts_what_is_allocated(void **state)
{
    size_t before = allocations;
    char *text = mem_copy("heard");

    (void)state;
    assert_true(allocations > before);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_evaluation_allocates_nothing_for_any_rule),
        cmocka_unit_test(test_evaluation_counts_what_is_allocated),
    };

    return cmocka_run_group_tests(tests, start_counting, shipped_unload);
}
