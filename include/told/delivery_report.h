/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's part of a delivery report (message/delivery-status, RFC 3464 section 2): groups of fields, of which the one
 * that is worst for the recipient counts. */
#ifndef TOLD_DELIVERY_REPORT_H
#define TOLD_DELIVERY_REPORT_H

struct delivery_report {
    char *action, *status; /* of one recipient; NULL where the field is missing. Owned. */
};

/* Any text; what is no field is passed over. *ret must be zeroed or have been read into before. */
void delivery_report_read(const char *text, struct delivery_report *ret);
void delivery_report_release(struct delivery_report *report);

#endif
