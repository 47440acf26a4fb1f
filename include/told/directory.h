/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is who: roles and lines (configuration), people, teams, posts, rota and absences (data), and who a role comes to for
 * a child at an instant. Names of roles are data: code knows none.
 */
#ifndef TOLD_DIRECTORY_H
#define TOLD_DIRECTORY_H

#include "told/calendar.h"
#include "told/rota.h"

struct directory;

enum role_held {
    ROLE_HELD_MAILBOX,    /* always its shared mailbox */
    ROLE_HELD_ALLOCATION, /* the practitioner allocated to the child in that role */
    ROLE_HELD_TEAM,       /* whoever is on its rota in the team of the child's worker (`of` names the worker's role), else
                             holds the post there */
    ROLE_HELD_POST,       /* whoever is on its rota in the authority, else holds the post */
};

struct directory_role {
    const char *name;
    enum role_held held;
    const char *of;      /* ROLE_HELD_TEAM: the allocated role whose team counts; else NULL */
    const char *above;   /* next one up the line, or NULL at the top */
    const char *line;    /* name of the line it belongs to, or enters: "csc", "yos" */
    const char *mailbox; /* shared address, or NULL: a role without one needs falls_to */
    const char *webhook; /* configured endpoint that is also told, or NULL */
    const char *falls_to[4];  /* tried in order when nobody is there; NULL-terminated */
    const char *out_of_hours; /* role that stands in outside office hours for immediate duties, or NULL */
    bool office_hours;   /* its mailbox is read in office hours only: Monday to Friday 09:00–17:00, no bank holiday */
    bool chase;          /* outside the authority: chased again at every step while the line above is told in parallel */
};

struct directory_person {
    const char *id; /* "p-101" */
    const char *name;
    const char *email;   /* NULL: none, or none that may be used */
    const char *barred;  /* why the address they have may not be used, or NULL */
    const char *webhook; /* endpoint name, or NULL */
    const char *team;    /* or NULL */
    struct instant left_at; /* INSTANT_NONE while in service; a leaver is nobody */
};

/* One row of the rota: who takes turns in a role that is held as a post or in a team. Of several rows of one role the one
 * that began last goes before the others, so a week's exchange is a row of its own. */
struct directory_shift {
    int64_t id; /* what `because` names */
    const char *role;
    const char *team; /* ROLE_HELD_TEAM: whose rota; else NULL */
    const char *const *people; /* ids, as many as row.people */
    struct rota_row row;
};

/* Of two that overlap, the one that began last says who covers. */
struct directory_absence {
    int64_t id;
    const char *person_id;
    struct instant from, until; /* until none: until further notice */
    const char *cover; /* who is told in their place, or NULL */
};

/* All text is copied. */
struct directory *directory_new(const char *last_resort_mailbox);
void directory_free(struct directory *directory);
void directory_add_role(struct directory *directory, const struct directory_role *role);
void directory_add_person(struct directory *directory, const struct directory_person *person);
void directory_add_post(struct directory *directory, const char *person_id, const char *role);
void directory_add_shift(struct directory *directory, const struct directory_shift *shift); /* a valid row: rota_validate */
void directory_add_absence(struct directory *directory, const struct directory_absence *absence);
/* No mail may go to this address: whoever has it has none, and the mailbox of a role with it is not there. The last resort
 * stays. because: static. */
void directory_bar_address(struct directory *directory, const char *address, const char *because);
const struct directory_role *directory_role(const struct directory *directory, const char *name);       /* or NULL */
const struct directory_person *directory_person(const struct directory *directory, const char *id); /* or NULL */

/* NULL, or the first fault of the roles ("role X: what, what to do"; caller frees): an `above`, `falls_to`, `of` or
 * `out_of_hours` that names no role, a circle, a role whose falling through does not end in a mailbox. Call again
 * with *cursor (start at 0) for the next one. */
char *directory_validate(const struct directory *directory, size_t *cursor);

struct allocation {
    const char *role;
    const char *person_id;
};

enum recipient_kind {
    RECIPIENT_PERSON,
    RECIPIENT_MAILBOX,
    RECIPIENT_LAST_RESORT, /* nobody at all: an alarm, never silence */
};

enum { RECIPIENT_BARRED_MOST = 4 };

struct recipient {
    enum recipient_kind kind;
    const char *id;      /* person id, or "mailbox:<role>", or "last-resort"; borrowed from the directory */
    const char *email;   /* or NULL */
    const char *webhook; /* endpoint name, or NULL */
    const char *role;    /* the role it came from after falling through */
    struct {
        const char *id, *because;
    } barred[RECIPIENT_BARRED_MOST]; /* people and mailboxes met on the way whose address may not be used, and why not */
    size_t barred_count;
    bool fell_through;   /* nobody held the role that was asked for */
    char because[256];   /* "social-worker: nobody allocated; social-work-team-manager: p-7 of team north, absent (absence 4),
                            covered by p-9": ids of people, rota rows and absences, never names */
};

/* Who `role` comes to. Never fails: the last resort is the end of every way. */
void directory_resolve(const struct directory *directory, const struct calendar *calendar, const char *role,
                       const struct allocation *allocations, size_t allocation_count, bool immediate, struct instant now,
                       struct recipient *ret);
bool directory_is_office_hours(const struct calendar *calendar, struct instant at);
/* The first instant after `after` at which some answer of directory_resolve may become another one, allocations left
 * aside: a hand-over, an absence, somebody leaving, the offices opening or closing. Never none: offices open again. */
struct instant directory_next_change(const struct directory *directory, const struct calendar *calendar,
                                     struct instant after);

/* Whether a person has `role` for a child at an instant: allocated in it, on its rota, holding its post, or covering for
 * one of these who is absent. What is held in a team counts in the team of the child's worker; in any, where none is
 * known. So whoever may say that they know what the role, or its mailbox, was told. */
bool directory_holds(const struct directory *directory, const char *role, const struct allocation *allocations,
                     size_t allocation_count, const char *person_id, struct instant at);

/* The roles above `role`, in climbing order. line "" or NULL: its own `above` chain; else, where `role` is in that
 * line, the rest of it (the same chain), and where it is not, its own chain. Returns the count, at most `most`. */
size_t directory_ladder(const struct directory *directory, const char *role, const char *line, const char **ret, size_t most);

#endif
