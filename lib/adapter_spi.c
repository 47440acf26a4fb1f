/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A new case of the police travels in envelopes, each an XML document that is text inside the one around it:
 *
 *   soap:Envelope ── Body ── SubmitRequestMes ── Message: RouteData ── DataStream ── DataStreamContent:
 * NewCaseMessage
 *
 * and what a court sends back to the police travels the same way, with a ResultedCaseMessage inside.
 * Any of them may be missing, and what is inside may stand there escaped, twice escaped, in CDATA, or as elements.
 * So every element whose text begins with "<" is opened, as deep as there are envelopes.
 */
#include "adapter_spi.h"

#include <stdlib.h>
#include <string.h>

#include "adapter_hearing.h"
#include "court_event.h"
#include "foreign_time.h"
#include "spi_case.h"
#include "spi_result.h"
#include "told/mem.h"

#define ENVELOPES_MOST 5
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

struct opening {
    struct spi_message message;
    bool has_message;
    size_t session_count; /* of messages of results */
    const char *answer; /* the element that says it is an answer and no case; NULL: none seen */
    char *fault;        /* owned; of the first text that is no XML, or NULL */
};

/* Elements that carry a document as text; where nothing of the kind is in them, that is what is wrong. */
static const char *const CARRIERS[] = {"DataStreamContent", "Message"};
/* What comes back to whoever sent a case. */
static const char *const ANSWERS[] = {"SubmitResponseMes", "SubmitResponse", "ResponseCode",
                                      "RouteDataResponse"};

static const char *find_name(const char *name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return names[i];
    return NULL;
}

#define FIND_NAME(name, names) find_name(name, names, sizeof(names) / sizeof(names)[0])

static void note_fault(struct opening *opening, char *fault)
{
    if (opening->fault == NULL)
        opening->fault = fault;
    else
        free(fault);
}

static void open_document(struct opening *opening, const struct xml_document *document, int depth);

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* The document that stands in a text: decoded already, whatever its own declaration says. What was escaped once more than
 * its envelope needs is the text of an element, as it were. */
static struct xml_document *parse_text(const char *text, char **ret_reason)
{
    struct xml_document *document;
    char *element;

    if (*text == '<')
        return xml_parse(text, strlen(text), "UTF-8", ret_reason);
    element = mem_printf("<text>%s</text>", text);
    document = xml_parse(element, strlen(element), "UTF-8", ret_reason);
    free(element);
    return document;
}

/* Text of an element: the next envelope, or the message. */
static void open_text(struct opening *opening, const struct xml_node *element, int depth)
{
    const char *carrier = FIND_NAME(element->name, CARRIERS);
    const char *name = carrier == NULL ? "an element" : carrier;
    const char *text = element->text;
    char *reason = NULL;

    if (text != NULL && begins_with(text, BYTE_ORDER_MARK))
        text += strlen(BYTE_ORDER_MARK);
    if (text == NULL || (*text != '<' && !begins_with(text, "&lt;"))) {
        if (carrier != NULL && element->first == NULL)
            note_fault(opening, mem_printf("%s (line %lu): no XML in it; expected an escaped document", name,
                                           element->line));
        return;
    }
    if (depth == ENVELOPES_MOST) {
        note_fault(opening,
                   mem_printf("%s (line %lu): more than %d envelopes", name, element->line, ENVELOPES_MOST));
        return;
    }
    struct xml_document *inner = parse_text(text, &reason);
    if (inner == NULL)
        note_fault(opening, mem_printf("%s (line %lu): the XML in it: %s", name, element->line, reason));
    else
        open_document(opening, inner, depth + 1);
    free(reason);
    xml_free(inner);
}

static void read_message(struct opening *opening, const struct xml_node *message)
{
    opening->has_message = true;
    for (const struct xml_node *one = xml_child(message, "Case");
         one != NULL && !adapted_list_is_full(opening->message.list); one = xml_next(one))
        spi_case_read(&opening->message, one);
}

static void read_session(struct opening *opening, const struct xml_node *session)
{
    char text[INSTANT_TEXT_SIZE], *part = mem_printf("Session[%zu]", opening->session_count);
    json_t *hearing = spi_result_hearing(session), *around = json_object();
    char *reason;

    if (!instant_is_none(opening->message.written_at))
        court_event_set(around, "sharedTime", instant_print(opening->message.written_at, text));
    reason = adapter_hearing_read(hearing, around, part, opening->session_count++, opening->message.origin,
                                  opening->message.list);
    if (reason != NULL)
        adapted_list_add_fault(opening->message.list, part, reason);
    free(reason);
    json_decref(hearing);
    json_decref(around);
    free(part);
}

static void read_results(struct opening *opening, const struct xml_node *message)
{
    for (const struct xml_node *one = xml_child(message, "Session");
         one != NULL && !adapted_list_is_full(opening->message.list); one = xml_next(one))
        read_session(opening, one);
}

/* A message that stands here as elements is the message: what begins with "<" inside it is somebody's text.
 */
static void open_document(struct opening *opening, const struct xml_document *document, int depth)
{
    const struct xml_node *message = xml_search(document, NULL, "NewCaseMessage");
    const struct xml_node *results = xml_search(document, NULL, "ResultedCaseMessage");

    if (message != NULL || results != NULL) {
        for (; message != NULL; message = xml_search(document, message, "NewCaseMessage"))
            read_message(opening, message);
        for (; results != NULL; results = xml_search(document, results, "ResultedCaseMessage"))
            read_results(opening, results);
        return;
    }
    for (const struct xml_node *node = xml_root(document); node != NULL; node = xml_walk(node)) {
        if (FIND_NAME(node->name, ANSWERS) != NULL)
            opening->answer = FIND_NAME(node->name, ANSWERS);
        if (strcmp(node->name, "Timestamp") == 0 && node->text != NULL)
            foreign_time_parse(node->text, &opening->message.written_at);
        open_text(opening, node, depth);
    }
}

static char *conclude(struct opening *opening)
{
    char *fault = opening->fault;

    opening->fault = NULL;
    if (adapted_list_is_full(opening->message.list)) {
        free(fault);
        return mem_printf("more than %d parts: the sender must split the message", ADAPTED_MOST);
    }
    if (opening->session_count > 0 || (opening->has_message && opening->message.case_count > 0)) {
        if (fault != NULL)
            adapted_list_add_fault(opening->message.list, "the envelope", fault);
        free(fault);
        return NULL;
    }
    if (fault != NULL)
        return fault;
    if (opening->answer == NULL || opening->has_message)
        return mem_copy(opening->has_message
                            ? "NewCaseMessage: no Case in it"
                            : "no case of the police: expected a NewCaseMessage or a ResultedCaseMessage with a Session, "
                              "bare or in envelopes");
    adapted_list_add_nothing(opening->message.list, "the message", "an answer to a message, and no case");
    return NULL;
}

char *adapter_spi_run(const char *bytes, size_t len, const struct adapter_origin *origin,
                      struct adapted_list *list)
{
    struct opening opening = {.message = {.origin = origin, .list = list, .written_at = INSTANT_NONE}};
    char *reason = NULL;
    struct xml_document *document = xml_parse(bytes, len, NULL, &reason);

    if (document == NULL)
        return reason;
    open_document(&opening, document, 0);
    xml_free(document);
    return conclude(&opening);
}
