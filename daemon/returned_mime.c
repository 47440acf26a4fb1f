/* SPDX-License-Identifier: Apache-2.0 */
#include "returned_mime.h"

#include <gmime/gmime.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/delivery_report.h"
#include "told/mem.h"

enum { TEXT_MOST = 65536, HEADER_MOST = 2000 };

struct reading {
    struct returned_mail *mail;
    int parts;
};

/* What glib has to say of a mail could hold its words. */
static void say_nothing(const char *domain, GLogLevelFlags level, const char *message, void *cookie)
{
    (void)domain, (void)level, (void)message, (void)cookie;
}

void returned_mime_start(void)
{
    g_log_set_default_handler(say_nothing, NULL);
    g_mime_init();
}

/* Valid UTF-8, one line's blanks as they are, at most so many bytes (a few more where bytes were not valid). */
static char *clean(const char *text, size_t most)
{
    char *valid, *copy;

    if (text == NULL)
        return NULL;
    valid = g_utf8_make_valid(text, (gssize)strnlen(text, most));
    copy = mem_copy(valid);
    g_free(valid);
    return copy;
}

static const char *header_of(GMimeObject *object, const char *name)
{
    return g_mime_object_get_header(object, name);
}

static char *copy_header(GMimeObject *object, const char *name)
{
    return clean(header_of(object, name), HEADER_MOST);
}

/* ---- addresses and references ---- */

static void add_address(InternetAddressList *list, int i, struct returned_mail *mail)
{
    InternetAddress *one = internet_address_list_get_address(list, i);
    const char *text = INTERNET_ADDRESS_IS_MAILBOX(one) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(one)) : NULL;

    if (text != NULL && mail->to_count < RETURNED_TO_MOST)
        mail->to[mail->to_count++] = clean(text, HEADER_MOST);
}

static void add_addresses(GMimeObject *object, const char *name, struct returned_mail *mail)
{
    const char *value = header_of(object, name);
    InternetAddressList *list = value != NULL ? internet_address_list_parse(NULL, value) : NULL;

    if (list == NULL)
        return;
    for (int i = 0; i < internet_address_list_length(list) && mail->to_count < RETURNED_TO_MOST; i++)
        add_address(list, i, mail);
    g_object_unref(list);
}

/* Exactly one: a mail from several is from nobody in particular. */
static char *read_from(GMimeObject *object)
{
    struct returned_mail alone = {0};
    char *from = NULL;

    add_addresses(object, "From", &alone);
    if (alone.to_count == 1) {
        from = alone.to[0];
        alone.to[0] = NULL;
    }
    returned_mail_release(&alone);
    return from;
}

/* "<id>" by "<id>"; the comments that some put between are passed over. */
static void add_references(const char *value, struct returned_mail *mail)
{
    const char *begin, *end;

    for (size_t looked = 0; value != NULL && mail->refers_count < RETURNED_REFERS_MOST && looked < 200; looked++) {
        begin = strchr(value, '<');
        end = begin != NULL ? strpbrk(begin + 1, "<> \t\r\n") : NULL;
        if (end == NULL)
            return;
        if (*end == '>' && end - begin < 300) {
            char *id = mem_copy_n(begin, (size_t)(end - begin) + 1);

            mail->refers[mail->refers_count++] = clean(id, HEADER_MOST);
            free(id);
        }
        value = end;
    }
}

/* What an enclosed message says of the one that came back: its Message-ID, and the address that told wrote for it. */
static void read_original(GMimeObject *original, struct returned_mail *mail)
{
    add_references(header_of(original, "Message-ID"), mail);
    add_addresses(original, "Return-Path", mail);
    add_addresses(original, "Reply-To", mail);
}

/* ---- parts ---- */

/* The decoded bytes of a part as a string; the caller frees. */
static char *content_of(GMimeObject *object)
{
    GMimeStream *memory;
    GMimeDataWrapper *content = GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object)) : NULL;
    GByteArray *bytes;
    char *text;

    if (content == NULL)
        return mem_copy("");
    memory = g_mime_stream_mem_new();
    (void)g_mime_data_wrapper_write_to_stream(content, memory);
    bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
    text = mem_copy_n((const char *)bytes->data, bytes->len < TEXT_MOST ? bytes->len : TEXT_MOST);
    g_object_unref(memory);
    return text;
}

static void read_status(struct reading *r, GMimeObject *object)
{
    char *text = content_of(object);

    delivery_report_read(text, &r->mail->report);
    free(text);
}

/* text/rfc822-headers: the head of a message and nothing else. */
static void read_headers(struct reading *r, GMimeObject *object)
{
    char *text = content_of(object);
    GMimeStream *memory = g_mime_stream_mem_new_with_buffer(text, strlen(text));
    GMimeParser *parser = g_mime_parser_new_with_stream(memory);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

    if (message != NULL) {
        read_original(GMIME_OBJECT(message), r->mail);
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(memory);
    free(text);
}

static void read_text(GMimeObject *object, char **target)
{
    char *text;

    if (*target != NULL || g_mime_part_is_attachment(GMIME_PART(object)))
        return;
    text = g_mime_text_part_get_text(GMIME_TEXT_PART(object));
    *target = clean(text, TEXT_MOST);
    g_free(text);
}

static void read_leaf(struct reading *r, GMimeObject *object)
{
    GMimeContentType *type = g_mime_object_get_content_type(object);

    if (g_mime_content_type_is_type(type, "message", "delivery-status") ||
        g_mime_content_type_is_type(type, "message", "global-delivery-status"))
        read_status(r, object);
    else if (g_mime_content_type_is_type(type, "text", "rfc822-headers") || g_mime_content_type_is_type(type, "message", "global-headers"))
        read_headers(r, object);
    else if (GMIME_IS_TEXT_PART(object) && g_mime_content_type_is_type(type, "text", "plain"))
        read_text(object, &r->mail->text);
    else if (GMIME_IS_TEXT_PART(object) && g_mime_content_type_is_type(type, "text", "html"))
        read_text(object, &r->mail->html);
}

/* Enclosed messages are not walked into: what a forwarded report or notice says is not said by this mail. */
static void read_part(struct reading *r, GMimeObject *object, int depth)
{
    if (object == NULL || depth > RETURNED_MIME_DEPTH_MOST || r->parts++ >= RETURNED_MIME_PARTS_MOST)
        return;
    if (GMIME_IS_MULTIPART(object)) {
        for (int i = 0; i < g_mime_multipart_get_count(GMIME_MULTIPART(object)) && r->parts < RETURNED_MIME_PARTS_MOST; i++)
            read_part(r, g_mime_multipart_get_part(GMIME_MULTIPART(object), i), depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *original = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));

        if (original != NULL)
            read_original(GMIME_OBJECT(original), r->mail);
    } else {
        read_leaf(r, object);
    }
}

/* ---- the whole ---- */

static void read_head(GMimeObject *head, struct returned_mail *mail)
{
    /* Receiving servers write the address that a mail really came to in one of these. */
    static const char *const TO[] = {"Delivered-To", "X-Original-To", "Envelope-To", "X-Envelope-To", "X-Delivered-To", "To", "Cc"};
    static const char *const AUTO[] = {"X-Autoreply", "X-Autorespond", "X-AutoReply-From", "X-Autogenerated", "X-Auto-Reply", "X-Mail-Autoreply",
                                       "X-FC-MachineGenerated", "X-Vacation"};

    mail->from = read_from(head);
    for (size_t i = 0; i < sizeof TO / sizeof *TO; i++)
        add_addresses(head, TO[i], mail);
    mail->is_answer = header_of(head, "In-Reply-To") != NULL || header_of(head, "References") != NULL;
    add_references(header_of(head, "In-Reply-To"), mail);
    add_references(header_of(head, "References"), mail);
    for (size_t i = 0; i < sizeof AUTO / sizeof *AUTO && mail->auto_header == NULL; i++)
        mail->auto_header = copy_header(head, AUTO[i]);
    mail->message_id = copy_header(head, "Message-ID");
    mail->subject = copy_header(head, "Subject");
    mail->return_path = copy_header(head, "Return-Path");
    mail->auto_submitted = copy_header(head, "Auto-Submitted");
    mail->precedence = copy_header(head, "Precedence");
    mail->suppress = copy_header(head, "X-Auto-Response-Suppress");
    mail->failed = copy_header(head, "X-Failed-Recipients");
    mail->list_id = copy_header(head, "List-Id");
}

static void read_type(GMimeObject *whole, struct returned_mail *mail)
{
    GMimeContentType *type = g_mime_object_get_content_type(whole);
    char *text = type != NULL ? g_mime_content_type_get_mime_type(type) : NULL;

    mail->type = clean(text, HEADER_MOST);
    if (type != NULL)
        mail->report_type = clean(g_mime_content_type_get_parameter(type, "report-type"), HEADER_MOST);
    g_free(text);
}

void returned_mime_read(const char *bytes, size_t len, struct returned_mail *ret)
{
    size_t looked = len < RETURNED_MIME_BYTES_MOST ? len : RETURNED_MIME_BYTES_MOST;
    GMimeStream *memory = g_mime_stream_mem_new_with_buffer(bytes, looked);
    GMimeParser *parser = g_mime_parser_new_with_stream(memory);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    struct reading r = {.mail = ret};

    *ret = (struct returned_mail){0};
    if (message != NULL) {
        GMimeObject *whole = g_mime_message_get_mime_part(message);

        read_head(GMIME_OBJECT(message), ret);
        if (whole != NULL) {
            read_type(whole, ret);
            read_part(&r, whole, 0);
        }
        g_object_unref(message);
    }
    g_object_unref(parser);
    g_object_unref(memory);
}
