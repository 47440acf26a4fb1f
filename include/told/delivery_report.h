/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's part of a delivery report (message/delivery-status, RFC 3464 section 2): groups of fields, one a recipient. */
#ifndef TOLD_DELIVERY_REPORT_H
#define TOLD_DELIVERY_REPORT_H

#include <stdbool.h>
#include <stddef.h>

enum { DELIVERY_GROUPS_MOST = 16 };

/* NULL where the field is missing. Owned by the report. */
struct delivery_group {
    char *action, *status;
    char *final, *original; /* "rfc822; ash@b.example" */
};

struct delivery_report {
    struct delivery_group worst; /* for the sender; its recipient is not kept */
    struct delivery_group groups[DELIVERY_GROUPS_MOST]; /* those that name a recipient */
    size_t count;
};

/* Any text; what is no field is passed over. *ret must be zeroed or have been read into before. */
void delivery_report_read(const char *text, struct delivery_report *ret);
void delivery_report_release(struct delivery_report *report);
/* The group about this address, as the server found it or as it was given; NULL if there is none. */
const struct delivery_group *delivery_report_about(const struct delivery_report *report, const char *address);

#endif
