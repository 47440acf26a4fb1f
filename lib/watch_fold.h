/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what a watch waits for has come, by the events before a moment. */
#ifndef TOLD_LIB_WATCH_FOLD_H
#define TOLD_LIB_WATCH_FOLD_H

#include "rule.h"
#include "told/decide.h"

/* What one more event does to "it has come". */
bool watch_fold_step(const struct rule_watch *watch, bool met, const struct event *event);
bool watch_fold_is_met(const struct rule_watch *watch, const struct decide_input *input);

#endif
