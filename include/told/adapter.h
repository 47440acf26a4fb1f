/* SPDX-License-Identifier: Apache-2.0 */
/* Somebody else's message into 0…n events of the catalogue. One bad defendant never loses the others. */
#ifndef TOLD_ADAPTER_H
#define TOLD_ADAPTER_H

#include "told/codes.h"
#include "told/instant.h"
#include "told/json.h"

struct adapted {
    json_t *event;  /* owned; a CloudEvent, or NULL where this part could not be used */
    char *part;     /* where in the message: "courtRegisterDocumentRequests[1].defendants[0]" */
    char *reason;   /* why there is no event: said of the part, never of the person; NULL with an event */
    bool nothing;   /* not a fault: understood, and nothing to say ("over 18 on the hearing date") */
};

struct adapted_list {
    struct adapted *items;
    size_t count;
    /* Events of those between 18 and 25, beside the item that says so: care leavers and those whose case outlasted their
     * childhood are still told of, and of nobody else is there anything to say. Only for whoever knows which they are. */
    struct adapted *of_age;
    size_t of_age_count;
};

/* Names an adapter of the configuration: "cloudevents", "spi-xml", … */
bool adapter_is_known(const char *name);
char *adapter_names(void); /* all of them, as a sentence lists them; the caller frees */
/* codes: what the codes of the sender mean. source and id: of the CloudEvent that carried the message; derived ids begin with `id`. sent_at: its time, used only
 * where the message has none of its own. NULL on success (list filled), else why the whole message cannot be used. */
char *adapter_run(const char *name, const struct codes *codes, const char *bytes, size_t len, const char *source,
                  const char *id, struct instant sent_at, struct adapted_list *ret);
void adapted_list_release(struct adapted_list *list);

#endif
