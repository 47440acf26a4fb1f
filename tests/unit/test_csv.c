/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "told/csv.h"

struct faults {
    size_t count;
    size_t lines[8];
};

static void on_fault(void *cookie, size_t line, const char *text)
{
    struct faults *faults = cookie;
    assert_non_null(text);
    if (faults->count < 8)
        faults->lines[faults->count] = line;
    faults->count++;
}

static struct csv *parse(const char *text, struct faults *faults)
{
    memset(faults, 0, sizeof *faults);
    return csv_parse(text, strlen(text), on_fault, faults);
}

static void test_csv_reads_quotes_commas_and_line_breaks(void **state)
{
    (void)state;
    struct faults faults;
    struct csv *csv = parse("\xEF\xBB\xBF"
                            "person,name,email\r\n"
                            "p-1,\"Okafor, Ada\",ada@example.example\r\n"
                            "\r\n"
                            "p-2,\"says \"\"hi\"\"\nand goes\",\r\n"
                            "\"p-3\",,x",
                            &faults);
    assert_non_null(csv);
    assert_int_equal(faults.count, 0);
    assert_int_equal(csv->row_count, 3);
    assert_int_equal(csv_column(csv, "person"), 0);
    assert_int_equal(csv_column(csv, "team"), -1);
    assert_string_equal(csv_cell(&csv->rows[0], 1), "Okafor, Ada");
    assert_string_equal(csv_cell(&csv->rows[1], 1), "says \"hi\"\nand goes");
    assert_null(csv_cell(&csv->rows[1], 2));
    assert_null(csv_cell(&csv->rows[1], -1));
    assert_int_equal(csv->rows[1].line, 4);
    assert_int_equal(csv->rows[2].line, 6);
    assert_string_equal(csv_cell(&csv->rows[2], 2), "x");
    csv_free(csv);
}

static void test_csv_names_every_bad_row(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t count, first;
    } rows[] = {
        {"", 1, 1},
        {"\n", 1, 1},
        {"a,a\n", 1, 1},
        {"a,,b\n", 1, 1},
        {"a,b\n1\n2,3\n4,5,6\n", 2, 2},
        {"a,b\n\"1,2\n", 2, 2}, /* no end, and so too few fields */
        {"a,b\n\"1\"x,2\n", 1, 2},
        {"a,b\n1\"x,2\n", 1, 2},
        {"a,b\n1\rx,2\n", 1, 2},
        {"a,b\n1,\xff\n", 1, 2},
        {"a,b\n1,2\n\"x\ny\xc3\",3\n", 1, 4},
        {"\xff,b\n1,2\n", 1, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct faults faults;
        assert_null(parse(rows[i].text, &faults));
        assert_int_equal(faults.count, rows[i].count);
        assert_int_equal(faults.lines[0], rows[i].first);
    }
}

static void test_csv_takes_a_header_alone(void **state)
{
    (void)state;
    struct faults faults;
    struct csv *csv = parse("a,b", &faults);
    assert_non_null(csv);
    assert_int_equal(csv->row_count, 0);
    csv_free(csv);
    csv_free(NULL);
}

static void test_csv_refuses_a_nul(void **state)
{
    (void)state;
    struct faults faults = {0};
    assert_null(csv_parse("a\n\0", 3, on_fault, &faults));
    assert_int_equal(faults.count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_reads_quotes_commas_and_line_breaks),
        cmocka_unit_test(test_csv_names_every_bad_row),
        cmocka_unit_test(test_csv_takes_a_header_alone),
        cmocka_unit_test(test_csv_refuses_a_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
