/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chains the journal (design section 9.10): what is committed and not yet sealed, in ascending journal_id, one sealer at
 * a time under an advisory lock. Called about once a second by whoever has the grants of told_decide.
 */
#ifndef TOLD_SEALER_H
#define TOLD_SEALER_H

#include "pg.h"

/* One transaction of at most `most` rows. False when the database failed (pg_status says how; nothing is half done);
 * true also when there was nothing to seal or another process is at it. Not inside a transaction. */
bool sealer_step(struct pg *pg, int most);

#endif
