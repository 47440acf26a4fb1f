/* SPDX-License-Identifier: Apache-2.0 */
/* The enabled rules by type of event, for whoever decides. */
#ifndef TOLD_LIB_PROTOCOL_INDEX_H
#define TOLD_LIB_PROTOCOL_INDEX_H

#include "rule.h"

struct protocol_arms {
    const struct rule_arm **list; /* in the order of the files */
    size_t count;
};

struct protocol_watches {
    const struct rule_watch_arm **list; /* in the order of the files */
    size_t count;
};

const struct protocol_arms *protocol_arms(const struct protocol *protocol, int type_index);
const struct protocol_watches *protocol_watches(const struct protocol *protocol, int type_index);

#endif
