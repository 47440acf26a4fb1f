/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_read.h"
#include "told/mem.h"

/* NULL, or why told must not read its returns there. */
static const char *refuse_mailbox(const struct config_returns *returns)
{
    bool implicit = returns->tls == EMAIL_TLS_IMPLICIT;
    const char *scheme = implicit ? "imaps://" : "imap://";

    if (strncmp(returns->url, scheme, strlen(scheme)) != 0)
        return implicit ? "must begin with imaps:// where tls is implicit" : "must begin with imap:// where tls is not implicit";
    if (returns->url[strlen(scheme)] == '\0' || strpbrk(returns->url + strlen(scheme), "/@?#; ") != NULL)
        return "must be scheme://host:port and nothing more";
    if (returns->tls == EMAIL_TLS_NONE && !config_read_is_loopback(returns->url))
        return "is clear text to a host that is not this one, write tls = \"starttls\" or \"implicit\"";
    if (strcmp(returns->folder, returns->done) == 0)
        return "needs two folders: done must be another than folder";
    return NULL;
}

static void check_maildir(struct config_reading *reading, const struct config_text *told, const config_setting_t *at)
{
    static const char *const PARTS[] = {"new", "cur"};
    char *folder = config_text_path(reading->config, reading->config->returns.maildir);

    /* Where told does not run, the mail server's folder need not be. */
    for (size_t i = 0; reading->with_secrets && i < sizeof PARTS / sizeof *PARTS; i++) {
        char *part = mem_printf("%s/%s", folder, PARTS[i]);

        if (access(part, R_OK | W_OK | X_OK) != 0)
            config_text_fault_at(reading, told, at, "returns: maildir: %s cannot be read and written, make it a Maildir of told's user",
                                 part);
        free(part);
    }
    free(reading->config->returns.maildir);
    reading->config->returns.maildir = folder;
}

void config_read_returns(struct config_reading *reading, const struct config_text *told)
{
    const config_setting_t *group = config_setting_get_member(config_root_setting(&told->parsed), "returns");
    struct config_returns *returns = &reading->config->returns;
    const char *password = reading->config->names.returns_password, *why = NULL;

    if (group == NULL || config_setting_is_group(group) != CONFIG_TRUE)
        return;
    if (returns->maildir != NULL)
        check_maildir(reading, told, config_setting_get_member(group, "maildir"));
    if ((returns->url == NULL) != (returns->username == NULL) || (returns->url == NULL) != (password == NULL))
        config_text_fault_at(reading, told, group, "returns: url, username and password go together, add what is missing or remove them");
    if (password != NULL)
        returns->password = config_read_secret(reading, told, config_setting_get_member(group, "password"), password);
    if (returns->url != NULL && returns->folder != NULL && returns->done != NULL)
        why = refuse_mailbox(returns);
    if (why != NULL)
        config_text_fault_at(reading, told, config_setting_get_member(group, "url"), "returns: url %s", why);
}
