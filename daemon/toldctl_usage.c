/* SPDX-License-Identifier: Apache-2.0 */
#include "toldctl_usage.h"

#include <string.h>

#include "toldctl.h"

static const struct {
    const char *name, *arguments, *does;
} table[] = {
    {"status", "", "what waits, what is open, what is overdue, what is wrong"},
    {"events", "[--state STATE] [--limit N]", "what came in and what became of it"},
    {"duties", "[--open] [--overdue] [--child CHILD] [--limit N]",
     "who must be told, by when, and how far that is"},
    {"duty", "DUTY", "one duty whole: grounds, lines, notifications, attempts, answers, journal"},
    {"notifications", "[--duty DUTY] [--state STATE] [--recipient ID] [--since TIME] [--limit N]",
     "who was told what over which channel, and what came of it"},
    {"retry", "NOTIFICATION|MESSAGE", "what failed or waits is tried again at once; never what was sent"},
    {"test-message", "--to ADDRESS|WEBHOOK [--wait SECONDS]",
     "send a message about nothing, the way all go, and say what came of it"},
    {"destinations", "", "how each relay and host fares: state, how many at a time, last error, next probe"},
    {"notice", "NOTIFICATION [--attempt N] [--html]", "what was said, byte for byte; the last time, or that time"},
    {"endpoints", "[start NAME]", "where webhooks go and how each fares; start one again that answered 410"},
    {"ack", "DUTY [--for PERSON] [--note TEXT]", "a named person says they know"},
    {"done", "DUTY --note TEXT [--for PERSON]", "what had to be done was done"},
    {"void", "DUTY --reason TEXT [--for PERSON]", "the duty should not be there"},
    {"watches", "[--all] | done WATCH --note TEXT [--for PERSON]",
     "the moments that told comes back at, to see whether something was done; and that there is nothing to wait for"},
    {"reviews", "[--all]", "questions that wait for a person: missing fields, doubtful matches"},
    {"answer", "REVIEW FIELD=VALUE… [--for PERSON]", "fill in what was missing; the event is decided again"},
    {"match", "REVIEW [CHILD|none|new [--learn] [--for PERSON]] | --undo REVIEW [--reason TEXT] [--for PERSON]",
     "say which child an event is about: a known one, none of them, or one that is made from it; alone it shows who may be\n"
     "      meant, with names; --undo takes the answer back and recalls what was told"},
    {"quarantine", "[list [--all]|show ID|retry ID|dismiss ID]", "what could not be understood"},
    {"returns", "[--open|show ID|settle ID]", "what came back by mail, and what of it waits for a person"},
    {"address", "[--all|clear MARK|PERSON|ADDRESS]", "addresses that mail came back from: nothing is sent there"},
    {"feeds", "[thaw FEED|gaps|close-gap GAP|SOURCE|FEED --note TEXT|--day YYYY-MM-DD [FEED]]",
     "how each feed stands; what was not heard, and that it never will be; what became of all it sent on a day\n"
     "      (1: not what its sender counted)"},
    {"feeds count", "FEED YYYY-MM-DD N --note TEXT", "what the sender says it sent on that day (1: we received another number)"},
    {"feeds silences", "[FEED]", "when a feed said nothing, and what was unheard"},
    {"feeds holds", "[--all|HOLD]",
     "what the fan-out brake holds: whose it is, why, and how many duties it would make; the events of one hold"},
    {"feeds release", "HOLD [[--but] EVENT…] [--note TEXT]",
     "it may be believed: it is decided as of its receipt (these events alone, or all but these)"},
    {"feeds void", "HOLD [[--but] EVENT…] --reason TEXT [--all]",
     "it was never said (these events alone, or all but these; --all: what passed before the brake is taken back too)"},
    {"import", "directory|children|allocations|rota|absences FILE.csv, calendar FILE.json",
     "people, children, who is on and who is away from a file; all of it or nothing; what new bank holidays would change"},
    {"coverage", "[--days 28]", "who would be told by nobody in the days ahead, and when; 1 if there is any"},
    {"protocol", "", "the rules as told reads them"},
    {"explain", "CASE.json…|EVENT", "which duties a case (no database) or a stored event makes, and why"},
    {"why", "DUTY", "its rule, each condition with its value and where that came from, its days, who was told because of what"},
    {"why-not", "EVENT DUTY", "what kept a duty (D44, or a rule) from coming out of a stored event"},
    {"what-if", "--protocol FILE… --since DATE",
     "who would be told by a changed protocol, and who not; sends and writes nothing (1: there is a difference)"},
    {"test", "CASE.json…", "whether cases come out as they expect; no database"},
    {"adapt", "ADAPTER FILE… [--source SOURCE] [--time TIME]",
     "the events that a foreign message becomes, one a line; no database"},
    {"publish", "--feed NAME [--resume] [--epoch N] [--timeout S] [--source S --id ID --time T] FILE…|-",
     "send events to a feed, confirmed"},
    {"keys", "new NAME|list|revoke NAME", "make a CURVE key pair; which feeds have which; how to take one back"},
    {"journal", "verify", "recompute the chain of the journal"},
    {"migrate", "[--owner USER]", "bring the database to this program's schema"},
    {"init", "--authority NAME [--demonstration TIME [--rate R]] [--operator LOGIN]…",
     "roles, database, schema (as a superuser)"},
};

void toldctl_usage_print(FILE *out)
{
    fprintf(out, "usage: toldctl [-f FILE] [--as USER] [--json] COMMAND …\n\n");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        fprintf(out, "  %s %s\n      %s\n", table[i].name, table[i].arguments, table[i].does);
    fprintf(out, "\nThe configuration is -f FILE, else /etc/told/told.conf; explain, test, adapt and "
                 "protocol look for\n"
                 "conf/told.conf under the working directory first.\n");
}

int toldctl_usage(const char *command)
{
    size_t len = strlen(command);

    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (strncmp(table[i].name, command, len) == 0 && (table[i].name[len] == '\0' || table[i].name[len] == ' '))
            fprintf(stderr, "usage: toldctl %s %s\n", table[i].name, table[i].arguments);
    return EX_USAGE;
}
