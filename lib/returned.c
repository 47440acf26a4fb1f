/* SPDX-License-Identifier: Apache-2.0 */
/*
 * In this order, for each may look like the next: a delivery report in its standard form; one in prose; a receipt; an
 * automatic answer; a reply. An automatic answer that only habits give away (not Auto-Submitted, not the null sender) is
 * none if somebody typed a code into it: some Exchange rules put X-Auto-Response-Suppress on everything.
 */
#include "told/returned.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "told/buf.h"
#include "told/mem.h"
#include "told/own_words.h"

enum { PROSE_MOST = 4000 }; /* what is looked through of a text */

const char *returned_text(enum returned_kind kind)
{
    static const char *const TEXTS[] = {
        [RETURNED_OTHER] = "other",     [RETURNED_BOUNCE] = "bounce",       [RETURNED_DELAY] = "delay",
        [RETURNED_REPORT] = "report",   [RETURNED_RECEIPT] = "receipt",     [RETURNED_AUTOMATIC] = "automatic",
        [RETURNED_REPLY] = "reply",
    };

    return TEXTS[kind];
}

void returned_mail_release(struct returned_mail *mail)
{
    char *const texts[] = {mail->from,   mail->message_id,  mail->subject, mail->return_path, mail->auto_submitted, mail->precedence,
                           mail->suppress, mail->auto_header, mail->failed,  mail->list_id,     mail->type,           mail->report_type,
                           mail->text,   mail->html};

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < mail->to_count; i++)
        free(mail->to[i]);
    for (size_t i = 0; i < mail->refers_count; i++)
        free(mail->refers[i]);
    delivery_report_release(&mail->report);
    *mail = (struct returned_mail){0};
}

static bool is_text(const char *text, const char *want)
{
    return text != NULL && strcasecmp(text, want) == 0;
}

static bool has_any(const char *text, const char *const *words)
{
    if (text == NULL)
        return false;
    while (*words != NULL && strcasestr(text, *words) == NULL)
        words++;
    return *words != NULL;
}

static bool begins_any(const char *text, const char *const *words)
{
    if (text == NULL)
        return false;
    text += strspn(text, " \t");
    while (*words != NULL && strncasecmp(text, *words, strlen(*words)) != 0)
        words++;
    return *words != NULL;
}

/* Its beginning, apostrophes as people type them; the caller frees. */
static char *prose_of(const char *text)
{
    struct buf b = {0};

    for (size_t i = 0; text != NULL && text[i] != '\0' && i < PROSE_MOST; i++) {
        if (strncmp(text + i, "\xe2\x80\x99", 3) == 0) {
            buf_char(&b, '\'');
            i += 2;
        } else {
            buf_char(&b, text[i] == '\n' || text[i] == '\r' ? ' ' : text[i]);
        }
    }
    return b.len > 0 ? buf_take(&b) : mem_copy("");
}

/* ---- delivery reports ---- */

/* RFC 3463: class "." subject "." detail; bytes taken, 0 if it is none. */
static size_t read_status(const char *text, char out[RETURNED_STATUS_SIZE])
{
    size_t i = 1;

    if ((text[0] != '2' && text[0] != '4' && text[0] != '5'))
        return 0;
    for (int part = 0; part < 2; part++) {
        size_t digits = 0;

        if (text[i] != '.')
            return 0;
        for (i++; isdigit((unsigned char)text[i]) && digits < 3; i++)
            digits++;
        if (digits == 0)
            return 0;
    }
    if (isdigit((unsigned char)text[i]) || (text[i] == '.' && isdigit((unsigned char)text[i + 1])))
        return 0; /* an address of the internet, a version */
    memcpy(out, text, i);
    out[i] = '\0';
    return i;
}

static void find_status(const char *text, char out[RETURNED_STATUS_SIZE])
{
    for (const char *at = text; at != NULL && *at != '\0' && at - text < PROSE_MOST; at++)
        if ((at == text || (!isalnum((unsigned char)at[-1]) && at[-1] != '.')) && read_status(at, out) > 0)
            return;
}

static void judge_bounce(struct returned *ret, enum returned_kind kind, const char *reason)
{
    ret->kind = kind;
    ret->is_permanent = kind == RETURNED_BOUNCE && (ret->status[0] == '5' || ret->status[0] == '\0');
    ret->reason = reason;
}

/* RFC 3464 2.3.3: failed, delayed, delivered, relayed, expanded. */
static bool judge_group(const struct delivery_group *group, struct returned *ret)
{
    static const char *const DONE[] = {"delivered", "relayed", "expanded", NULL};

    if (group->action == NULL && group->status == NULL)
        return false;
    if (group->status != NULL)
        (void)read_status(group->status + strspn(group->status, " \t"), ret->status);
    if (begins_any(group->action, (const char *const[]){"failed", NULL}))
        judge_bounce(ret, RETURNED_BOUNCE, "a delivery report: failed");
    else if (begins_any(group->action, (const char *const[]){"delayed", NULL}))
        judge_bounce(ret, RETURNED_DELAY, "a delivery report: delayed");
    else if (begins_any(group->action, DONE))
        judge_bounce(ret, RETURNED_REPORT, "a delivery report: delivered");
    else if (ret->status[0] == '5')
        judge_bounce(ret, RETURNED_BOUNCE, "a delivery report: a status of class 5");
    else if (ret->status[0] == '4')
        judge_bounce(ret, RETURNED_DELAY, "a delivery report: a status of class 4");
    else
        return false;
    return true;
}

static bool is_from_a_server(const struct returned_mail *mail)
{
    static const char *const NAMES[] = {"mailer-daemon@", "postmaster@", "mail-daemon@", "microsoftexchange", "mmdf@", NULL};

    return begins_any(mail->from, NAMES) || is_text(mail->return_path, "<>") || is_text(mail->return_path, "") ||
           mail->failed != NULL;
}

/* Servers that write prose: qmail, old Exim and Sendmail, gateways. */
static bool judge_prose(const struct returned_mail *mail, struct returned *ret)
{
    static const char *const FAILED[] = {"undeliver", "delivery status notification (failure)", "mail delivery failed",
                                         "failure notice", "returned mail", "delivery failure", "delivery has failed",
                                         "message could not be delivered", "returned to sender", "non remis", "heb ei ddanfon", NULL};
    static const char *const DELAYED[] = {"delayed", "delivery status notification (delay)", "warning: could not send", "warning: message",
                                          "still being retried", "not yet been delivered", NULL};
    char *prose;
    bool delayed, failed;

    if (!is_from_a_server(mail))
        return false;
    prose = prose_of(mail->text);
    delayed = has_any(mail->subject, DELAYED);
    failed = mail->failed != NULL || has_any(mail->subject, FAILED) ||
             begins_any(prose, (const char *const[]){"hi. this is the qmail-send program", "this message was created automatically by mail delivery", NULL});
    find_status(prose, ret->status);
    free(prose);
    if (delayed)
        judge_bounce(ret, RETURNED_DELAY, "a server's letter: delayed");
    else if (failed)
        judge_bounce(ret, RETURNED_BOUNCE, "a server's letter: not delivered");
    return delayed || failed;
}

/* ---- automatic answers ---- */

static const char *automatic_surely(const struct returned_mail *mail)
{
    /* RFC 3834 5: anything but "no"; parameters and comments may follow. */
    if (mail->auto_submitted != NULL && !begins_any(mail->auto_submitted, (const char *const[]){"no", NULL}))
        return "Auto-Submitted";
    if (mail->auto_header != NULL)
        return "a header of automatic answers";
    if (begins_any(mail->precedence, (const char *const[]){"auto_reply", "auto-reply", NULL}))
        return "Precedence: auto_reply";
    if (is_text(mail->return_path, "<>") || is_text(mail->return_path, ""))
        return "the null sender";
    return NULL;
}

static const char *automatic_by_habit(const struct returned_mail *mail)
{
    static const char *const SUBJECTS[] = {"automatic reply", "auto reply", "auto-reply", "autoreply", "auto:", "out of office", "out of the office",
                                           "out-of-office", "vacation", "away from", "ateb awtomatig", "ymateb awtomatig", "allan o'r swyddfa",
                                           "allan o\xe2\x80\x99r swyddfa", "i ffwrdd", "abwesenheit", NULL};
    static const char *const PRECEDENCES[] = {"bulk", "junk", "list", NULL};

    if (begins_any(mail->subject, SUBJECTS))
        return "its subject is that of automatic answers";
    if (begins_any(mail->precedence, PRECEDENCES))
        return "Precedence: bulk, junk or list";
    if (mail->suppress != NULL && strcasestr(mail->suppress, "none") == NULL)
        return "X-Auto-Response-Suppress";
    return NULL;
}

/* In English and in Welsh. */
static bool is_absence(const struct returned_mail *mail)
{
    static const char *const AWAY[] = {
        "out of office", "out-of-office", "out of the office", "not in the office", "away from the office", "annual leave", "on leave",
        "sick leave", "parental leave", "maternity leave", "on holiday", "on vacation", "i am away", "i'm away", "currently away",
        "am now away", "will be away", "office is closed", "offices are closed", "office is now closed", "back in the office",
        "return to the office", "returning on", "do not work on", "don't work on", "non-working day", "no longer work", "has left",
        "allan o'r swyddfa", "ar wyliau", "i ffwrdd", "yn absennol", "swyddfa ar gau", "absenoldeb", "nid wyf yn gweithio", "dychwelyd i'r swyddfa", NULL};
    char *words = own_words_of(mail->text, mail->html), *subject = prose_of(mail->subject), *prose = prose_of(words);
    bool found = has_any(subject, AWAY) || has_any(prose, AWAY);

    free(words);
    free(subject);
    free(prose);
    return found;
}

static bool has_typed_code(const struct returned_mail *mail)
{
    char *words = own_words_of(mail->text, mail->html), code[1][OWN_WORDS_CODE_SIZE];
    bool found = own_words_codes(words, code, 1) > 0;

    free(words);
    return found;
}

static bool judge_automatic(const struct returned_mail *mail, struct returned *ret)
{
    const char *reason = automatic_surely(mail);

    if (reason == NULL && (reason = automatic_by_habit(mail)) != NULL && has_typed_code(mail))
        reason = NULL;
    if (reason == NULL)
        return false;
    ret->kind = RETURNED_AUTOMATIC;
    ret->is_absence = is_absence(mail);
    ret->reason = reason;
    return true;
}

void returned_judge(const struct returned_mail *mail, struct returned *ret)
{
    static const char *const ANSWERS[] = {"re:", "re :", "ateb:", "aw:", "sv:", "antw:", "rv:", NULL};

    *ret = (struct returned){.kind = RETURNED_OTHER, .reason = "nothing says what it is"};
    if (judge_group(&mail->report.worst, ret))
        return;
    if (is_text(mail->report_type, "disposition-notification")) {
        *ret = (struct returned){.kind = RETURNED_RECEIPT, .reason = "a receipt of display or deletion"};
        return;
    }
    if (judge_prose(mail, ret))
        return;
    ret->status[0] = '\0';
    if (mail->list_id != NULL)
        ret->reason = "from a mailing list";
    else if (judge_automatic(mail, ret))
        return;
    else if (mail->from != NULL && (mail->is_answer || begins_any(mail->subject, ANSWERS) || has_typed_code(mail)))
        *ret = (struct returned){.kind = RETURNED_REPLY, .reason = "an answer to a message, or a code"};
}

/* X-Failed-Recipients: addresses with commas between. */
static bool is_listed(const char *list, const char *address)
{
    size_t len = strlen(address);

    for (const char *at = list; (at = strcasestr(at, address)) != NULL; at++)
        if ((at == list || strchr(" ,\t<", at[-1]) != NULL) && strchr(" ,\t>\r\n", at[len]) != NULL)
            return true;
    return false;
}

void returned_judge_about(const struct returned_mail *mail, const char *address, struct returned *ret)
{
    const struct delivery_group *group = delivery_report_about(&mail->report, address);
    struct returned of_group = {0};

    if (ret->kind != RETURNED_BOUNCE && ret->kind != RETURNED_DELAY && ret->kind != RETURNED_REPORT)
        return;
    if (group != NULL && judge_group(group, &of_group))
        *ret = of_group;
    else
        ret->is_elsewhere = mail->report.count > 0 || (mail->report.worst.action == NULL && mail->failed != NULL &&
                                                       !is_listed(mail->failed, address));
}
