/* SPDX-License-Identifier: Apache-2.0 */
/* The hearings that a message of the Common Platform holds, whatever is wrapped around them. Private to the
 * adapter. */
#ifndef TOLD_HEARING_SHARE_H
#define TOLD_HEARING_SHARE_H

#include "told/json.h"

#define HEARING_SHARES_MOST 256 /* of one message; a bound on what a hostile one can take */

/* One hearing in the shape of HMCTS's schema: id, courtCentre, hearingDays[], type,
 * prosecutionCases[].defendants[] and courtApplications[]. */
struct hearing_share {
    json_t *hearing; /* owned */
    char *path;      /* owned: where it stands in the message, "" for the whole of it */
    bool is_listing; /* it is said to be listed whatever else the message says */
};

struct hearing_shares {
    json_t *around; /* owned: what stands beside the hearing: sharedTime, hearingDay, isReshare, targets */
    struct hearing_share *items;
    size_t count;
    char *twice;         /* owned: of a message within an envelope, which key of it stands twice; or NULL */
    const char *nothing; /* why a message that was understood holds no hearing; else NULL */
};

/* NULL, or why nothing of the message can be used (caller frees). Release in either case. */
char *hearing_shares_read(struct hearing_shares *ret, const json_t *root);
void hearing_shares_release(struct hearing_shares *shares);

#endif
