/* SPDX-License-Identifier: Apache-2.0 */
/* import: reads the file, opens the database, and takes the one step that is the whole import. */
#include "toldctl_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

static const struct pg_statement raise_version = {
    "import_version", "UPDATE told.installation SET directory_version = directory_version + 1", 0};

struct import_step {
    struct import import;
    const char *subject;
    import_fn *run;
};

static int refuse_faults(const struct import *import)
{
    return toldctl_refuse(EX_DATAERR, "%s: %zu %s; nothing was imported", import->path, import->faults,
                          import->faults == 1 ? "fault" : "faults");
}

static int step_import(struct toldctl *ctl, void *step)
{
    struct import_step *s = step;
    char rows[24];
    s->import.now = toldctl_now(ctl);
    s->import.faults = s->import.changed = 0;
    int code = s->run(ctl, &s->import);
    if (!code && s->import.faults)
        code = refuse_faults(&s->import);
    s->import.quiet = true;
    if (code)
        return code;
    snprintf(rows, sizeof rows, "%zu", s->import.csv->row_count);
    char *detail = store_detail("subject", s->subject, "rows", rows, NULL);
    bool good =
        pg_do(ctl->pg, &raise_version, NULL) &&
        store_journal(ctl->pg, s->import.now, &(struct store_journal){.what = "import", .detail = detail});
    free(detail);
    return good ? 0 : TOLDCTL_DATABASE;
}

static void on_csv_fault(void *cookie, size_t line, const char *text)
{
    toldctl_import_row_fault(cookie, line, "%s", text);
}

static int read_csv(struct import *import)
{
    char *bytes;
    size_t len;
    if (!toldctl_read(import->path, &bytes, &len))
        return EX_NOINPUT;
    import->csv = csv_parse(bytes, len, on_csv_fault, import);
    free(bytes);
    return import->csv ? 0 : refuse_faults(import);
}

int toldctl_import(struct toldctl *ctl, int argc, char **argv)
{
    static const struct {
        const char *subject;
        import_fn *run;
    } subjects[] = {{"directory", toldctl_import_directory},
                    {"children", toldctl_import_children},
                    {"allocations", toldctl_import_allocations},
                    {"rota", toldctl_import_rota},
                    {"absences", toldctl_import_absences}};
    struct import_step s = {0};
    int at = toldctl_options(ctl, argc, argv, NULL, 2, 2);
    if (at < 0)
        return EX_USAGE;
    if (strcmp(argv[at], "calendar") == 0)
        return toldctl_import_calendar(ctl, argv[at + 1]);
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (strcmp(argv[at], subjects[i].subject) == 0) {
            s.subject = subjects[i].subject;
            s.run = subjects[i].run;
        }
    if (!s.run)
        return toldctl_usage(ctl->command);
    s.import.path = argv[at + 1];
    int code = read_csv(&s.import);
    if (!code)
        code = toldctl_open_database(ctl);
    if (!code)
        code = toldctl_step(ctl, step_import, &s);
    if (!code) {
        toldctl_kick(ctl);
        printf("%s: %zu rows read, %zu changed something\n", s.import.path, s.import.csv->row_count,
               s.import.changed);
    }
    csv_free(s.import.csv);
    return code;
}
