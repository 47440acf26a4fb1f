/* SPDX-License-Identifier: Apache-2.0 */
/* Secrets and keys that stand in files of their own. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "config_read.h"
#include "config_refuse.h"
#include "secret.h"
#include "told/mem.h"

enum { CURVE_TEXT_SIZE = 41 };

char *config_read_secret(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                         const char *name)
{
    char *reason = NULL;
    char *secret;

    if (!reading->with_secrets)
        return NULL;
    secret = secret_read(reading->config->directory, name, &reason);
    if (secret == NULL)
        config_text_fault_at(reading, text, at, "%s", reason);
    free(reason);
    return secret;
}

char *config_read_public_key(struct config_reading *reading, const struct config_text *text, const config_setting_t *at,
                             const char *name)
{
    char *path = config_text_path(reading->config, name);
    char *reason = NULL;
    const char *why = NULL;
    size_t len = 0;
    char *key = NULL;

    /* Keys are made where told is installed: a fresh clone has none, and what touches nothing works without. */
    if (!reading->with_secrets && access(path, F_OK) != 0)
        goto done;
    key = config_text_read(path, &len, &reason);
    if (key != NULL) {
        key[strcspn(key, " \t\r\n")] = '\0';
        why = config_refuse_key(key);
    }
    if (reason != NULL)
        config_text_fault_at(reading, text, at, "public key: %s", reason);
    else if (why != NULL)
        config_text_fault_at(reading, text, at, "public key: %s %s", path, why);
    if (why != NULL) {
        free(key);
        key = NULL;
    }
done:
    free(reason);
    free(path);
    return key;
}

static const config_setting_t *ingest_setting(const struct config_text *told, const char *name)
{
    const config_setting_t *group = config_setting_get_member(config_root_setting(&told->parsed), "ingest");
    const config_setting_t *at = NULL;

    if (group != NULL && config_setting_is_group(group) == CONFIG_TRUE)
        at = config_setting_get_member(group, name);
    return at != NULL ? at : group;
}

/* The secret half says what the public half is; a configured one that differs would lock every publisher out. */
static void check_pair(struct config_reading *reading, const struct config_text *told)
{
    struct config *config = reading->config;
    const config_setting_t *at = ingest_setting(told, "secret_key");
    char public_key[CURVE_TEXT_SIZE];

    if (config->ingest_secret_key == NULL)
        return;
    if (strlen(config->ingest_secret_key) != CURVE_TEXT_SIZE - 1 ||
        zmq_curve_public(public_key, config->ingest_secret_key) != 0)
        config_text_fault_at(reading, told, at, "secret_key: the file %s holds no CURVE secret key, make one with `toldctl keys new`",
                             config->names.ingest_secret_key);
    else if (config->ingest_public_key == NULL)
        config->ingest_public_key = mem_copy(public_key);
    else if (strcmp(config->ingest_public_key, public_key) != 0)
        config_text_fault_at(reading, told, at, "secret_key and public_key are not of one pair, remove public_key or correct it");
}

void config_read_keys(struct config_reading *reading, const struct config_text *told)
{
    struct config *config = reading->config;
    const char *name = config->names.ingest_public_key;

    if (name != NULL && config->ingest_public_key != NULL)
        config_text_fault_at(reading, told, ingest_setting(told, "public_key_file"),
                             "public_key and public_key_file both stand here, remove one");
    else if (name != NULL)
        config->ingest_public_key = config_read_public_key(reading, told, ingest_setting(told, "public_key_file"), name);
    if (config->ingest_bind == NULL)
        return; /* no ingest here: nothing to hold a secret for */
    config->ingest_secret_key =
        config_read_secret(reading, told, ingest_setting(told, "secret_key"), config->names.ingest_secret_key);
    check_pair(reading, told);
}
