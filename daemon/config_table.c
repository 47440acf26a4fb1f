/* SPDX-License-Identifier: Apache-2.0 */
#include "config_table.h"

#include <stddef.h>

#include "config_refuse.h"
#include "told/wire.h"

#define AT(member) .offset = offsetof(struct config, member)
#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static const char *const TLS_WORDS[] = {"none", "starttls", "implicit", NULL};      /* enum email_tls */
static const char *const CLOSING_WORDS[] = {"all", "others", "nobody", NULL};        /* enum config_closing */
static const char *const AWAY_WORDS[] = {"sooner", "record", NULL};                  /* enum config_out_of_office */
static const char *const KIND_WORDS[] = {"confirmed", "broadcast", "directory", NULL};          /* enum feed_kind */
static const char *const DAYS_WORDS[] = {"working", "every", NULL};                 /* config_expects.days */
static const char *const HELD_WORDS[] = {"mailbox", "allocation", "team", "post", NULL}; /* enum role_held */

static const char *const WHEN_WORDS[] = {"always", "mail-fails", NULL}; /* enum webhook_when */
static const char *const ENDPOINT_WORDS[] = {"standard", "teams", "notify-email", "notify-sms", NULL}; /* enum webhook_kind */

static const struct config_key TOP_KEYS[] = {
    {"authority", CONFIG_KEY_TEXT, AT(authority), .is_required = true, .refuse = config_refuse_code, .is_fixed = true},
    {"reference_domain", CONFIG_KEY_TEXT, AT(reference_domain), .is_required = true, .refuse = config_refuse_domain},
    {"link_base", CONFIG_KEY_TEXT, AT(link_base), .refuse = config_refuse_link},
    {"last_resort", CONFIG_KEY_TEXT, AT(last_resort), .is_required = true, .refuse = config_refuse_address},
    {"review_role", CONFIG_KEY_TEXT, AT(review_role), "yos-duty-officer"},
    {"operators_role", CONFIG_KEY_TEXT, AT(operators_role), "operators"},
    {"trusted", CONFIG_KEY_TEXTS, AT(trusted), .is_required = true, .refuse = config_refuse_trusted},
    {"poll_ms", CONFIG_KEY_NUMBER, AT(poll_ms), "1000", .least = 10, .most = 1000},
    {"feeds", CONFIG_KEY_TEXT, AT(names.feeds), "feeds"},
    {"protocol", CONFIG_KEY_TEXT, AT(names.protocol), "protocol"},
    {"calendar", CONFIG_KEY_TEXT, AT(names.calendar), "calendar/bank-holidays.json"},
    {"codes", CONFIG_KEY_TEXT, AT(names.codes), "codes"},
    {"roles", CONFIG_KEY_TEXT, AT(names.roles), "roles.conf"},
    {"templates", CONFIG_KEY_TEXT, AT(names.templates), "templates"},
    {"identity", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"database", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"ingest", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"dispatch", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"ladder", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"brake", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"retry", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"email", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"returns", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"webhook_hosts", CONFIG_KEY_TEXTS, AT(webhook_hosts)},
    {"webhooks", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
    {"courts", CONFIG_KEY_APART, .type = CONFIG_TYPE_LIST},
};

static const struct config_key IDENTITY_KEYS[] = {
    {"certain", CONFIG_KEY_TEXTS, AT(identity.certain), "family given born postcode", .refuse = identity_combination_validate},
    {"family_weight", CONFIG_KEY_NUMBER, AT(identity.family_weight), "30", .least = 0, .most = 100},
    {"given_weight", CONFIG_KEY_NUMBER, AT(identity.given_weight), "25", .least = 0, .most = 100},
    {"born_weight", CONFIG_KEY_NUMBER, AT(identity.born_weight), "30", .least = 0, .most = 100},
    {"postcode_weight", CONFIG_KEY_NUMBER, AT(identity.postcode_weight), "15", .least = 0, .most = 100},
    {"asn_weight", CONFIG_KEY_NUMBER, AT(identity.asn_weight), "25", .least = 0, .most = 100},
    {"doubtful", CONFIG_KEY_NUMBER, AT(identity.doubtful), "40", .least = 1, .most = 100},
    {"margin", CONFIG_KEY_NUMBER, AT(identity.margin), "30", .least = 0, .most = 100},
    {"unknown_child_role", CONFIG_KEY_TEXT, AT(unknown_child_role)},
    {"looked_after_role", CONFIG_KEY_TEXT, AT(looked_after_role)},
};

static const struct config_key DATABASE_KEYS[] = {
    {"conninfo", CONFIG_KEY_TEXT, AT(database), "dbname=told", .refuse = config_refuse_conninfo, .is_fixed = true},
    {"deadline_ms", CONFIG_KEY_NUMBER, AT(database_deadline_ms), "15000", .least = 100, .most = 600000, .is_fixed = true},
    {"user_ingest", CONFIG_KEY_TEXT, AT(user_ingest), "told_ingest", .is_fixed = true},
    {"user_decide", CONFIG_KEY_TEXT, AT(user_decide), "told_decide", .is_fixed = true},
    {"user_dispatch", CONFIG_KEY_TEXT, AT(user_dispatch), "told_dispatch", .is_fixed = true},
    {"user_returns", CONFIG_KEY_TEXT, AT(user_returns), "told_console", .is_fixed = true},
};

static const struct config_key INGEST_KEYS[] = {
    {"bind", CONFIG_KEY_TEXT, AT(ingest_bind), .refuse = config_refuse_bind, .is_fixed = true},
    {"secret_key", CONFIG_KEY_TEXT, AT(names.ingest_secret_key), "told.key", .is_fixed = true},
    {"public_key", CONFIG_KEY_TEXT, AT(ingest_public_key), .refuse = config_refuse_key, .is_fixed = true},
    {"public_key_file", CONFIG_KEY_TEXT, AT(names.ingest_public_key), .is_fixed = true},
    {"credit", CONFIG_KEY_NUMBER, AT(credit), "1000", .least = 1, .most = 100000},
    {"batch_most", CONFIG_KEY_NUMBER, AT(batch_most), "500", .least = 1, .most = 500},
    {"gap_after_s", CONFIG_KEY_NUMBER, AT(gap_after_s), "60", .least = 1, .most = 3600},
    {"replay_every_s", CONFIG_KEY_NUMBER, AT(replay_every_s), "30", .least = 1, .most = 3600},
    {"spool", CONFIG_KEY_TEXT, AT(spool), .is_fixed = true},
    {"spool_most_mib", CONFIG_KEY_NUMBER, AT(spool_most_mib), "1024", .least = 32, .most = 1048576},
};

static const struct config_key DISPATCH_KEYS[] = {
    {"lease_ms", CONFIG_KEY_NUMBER, AT(lease_ms), "30000", .least = 300, .most = 600000},
    {"merge_window_s", CONFIG_KEY_NUMBER, AT(merge_window_s), "600", .least = 0, .most = 86400},
    {"dead_after_s", CONFIG_KEY_NUMBER, AT(dead_after_s), "900", .least = 1, .most = 86400},
};

static const struct config_key LADDER_KEYS[] = {
    {"dwell_working_days", CONFIG_KEY_NUMBER, AT(ladder.dwell_working_days), "1", .least = 1, .most = 20},
    {"dwell_immediate_minutes", CONFIG_KEY_NUMBER, AT(ladder.dwell_immediate_minutes), "60", .least = 1, .most = 1440},
};

static const struct config_key BRAKE_KEYS[] = {
    {"message_most", CONFIG_KEY_NUMBER, AT(brake.message_most), "20", .least = 1, .most = 1000000},
    {"hour_most", CONFIG_KEY_NUMBER, AT(brake.hour_most), "50", .least = 1, .most = 1000000000},
    {"busiest_times", CONFIG_KEY_NUMBER, AT(brake.busiest_times), "5", .least = 1, .most = 1000},
    {"busiest_days", CONFIG_KEY_NUMBER, AT(brake.busiest_days), "28", .least = 1, .most = 366},
};

static const struct config_key RETRY_KEYS[] = {
    {"immediate_s", CONFIG_KEY_NUMBERS, AT(retry.immediate.steps_s), "30 60 120 300", .least = 1, .most = 86400},
    {"ordinary_s", CONFIG_KEY_NUMBERS, AT(retry.ordinary.steps_s), "60 300 900 1800 3600", .least = 1, .most = 86400},
    {"uncertain_immediate_s", CONFIG_KEY_NUMBER, AT(retry.immediate.uncertain_s), "120", .least = 0, .most = 86400},
    {"uncertain_ordinary_s", CONFIG_KEY_NUMBER, AT(retry.ordinary.uncertain_s), "900", .least = 0, .most = 86400},
    {"jitter_percent", CONFIG_KEY_NUMBER, AT(retry.immediate.jitter_percent), "20", .least = 0, .most = 50},
    {"other_immediate_failures", CONFIG_KEY_NUMBER, AT(retry.immediate.other_channel_failures), "1", .least = 1, .most = 100},
    {"other_immediate_s", CONFIG_KEY_NUMBER, AT(retry.immediate.other_channel_s), "120", .least = 1, .most = 86400},
    {"other_ordinary_failures", CONFIG_KEY_NUMBER, AT(retry.ordinary.other_channel_failures), "3", .least = 1, .most = 100},
    {"other_ordinary_s", CONFIG_KEY_NUMBER, AT(retry.ordinary.other_channel_s), "900", .least = 1, .most = 86400},
    {"longest_s", CONFIG_KEY_NUMBER, AT(retry.longest_s), "432000", .least = 60, .most = 30 * 86400},
};
_Static_assert(sizeof((struct backoff_policy){0}.steps_s) == CONFIG_NUMBERS_MOST * sizeof(int), "steps are numbers");

static const struct config_key EMAIL_KEYS[] = {
    {"name", CONFIG_KEY_TEXT, AT(email.name), "relay", .refuse = config_refuse_code, .is_fixed = true},
    {"url", CONFIG_KEY_TEXT, AT(email.url), .refuse = config_refuse_url, .is_fixed = true},
    {"tls", CONFIG_KEY_WORD, AT(email.tls), "starttls", .words = TLS_WORDS, .is_fixed = true},
    {"username", CONFIG_KEY_TEXT, AT(email.username), .is_fixed = true},
    {"password", CONFIG_KEY_TEXT, AT(email.password_file), .is_fixed = true},
    {"from", CONFIG_KEY_TEXT, AT(email.from), .is_required = true, .refuse = config_refuse_address, .is_fixed = true},
    {"ca_file", CONFIG_KEY_TEXT, AT(email.ca_file), .is_fixed = true},
    {"connect_timeout_s", CONFIG_KEY_NUMBER, AT(email.connect_timeout_s), "30", .least = 1, .most = 300, .is_fixed = true},
    {"response_timeout_s", CONFIG_KEY_NUMBER, AT(email.response_timeout_s), "300", .least = 1, .most = 3600,
     .is_fixed = true},
    {"final_timeout_s", CONFIG_KEY_NUMBER, AT(email.final_timeout_s), "600", .least = 1, .most = 3600, .is_fixed = true},
    {"domains", CONFIG_KEY_TEXTS, AT(email_domains), .refuse = config_refuse_domains},
    {"senders", CONFIG_KEY_NUMBER, AT(email.senders), "4", .least = 1, .most = 64, .is_fixed = true},
    {"assured", CONFIG_KEY_TEXTS, AT(assured), .refuse = config_refuse_domain},
    {"closing_notices", CONFIG_KEY_WORD, AT(closing), "all", .words = CLOSING_WORDS},
    {"relays", CONFIG_KEY_APART, .type = CONFIG_TYPE_LIST},
};

static const struct config_key RETURNS_KEYS[] = {
    {"maildir", CONFIG_KEY_TEXT, AT(returns.maildir)},
    {"url", CONFIG_KEY_TEXT, AT(returns.url), .refuse = config_refuse_url},
    {"tls", CONFIG_KEY_WORD, AT(returns.tls), "implicit", .words = TLS_WORDS},
    {"username", CONFIG_KEY_TEXT, AT(returns.username)},
    {"password", CONFIG_KEY_TEXT, AT(names.returns_password)},
    {"folder", CONFIG_KEY_TEXT, AT(returns.folder), "INBOX", .refuse = config_refuse_folder},
    {"done", CONFIG_KEY_TEXT, AT(returns.done), "told-done", .refuse = config_refuse_folder},
    {"ca_file", CONFIG_KEY_TEXT, AT(returns.ca_file)},
    {"connect_timeout_s", CONFIG_KEY_NUMBER, AT(returns.connect_timeout_s), "10", .least = 1, .most = 60},
    {"timeout_s", CONFIG_KEY_NUMBER, AT(returns.timeout_s), "20", .least = 1, .most = 60},
    {"every_s", CONFIG_KEY_NUMBER, AT(returns.every_s), "60", .least = 1, .most = 3600},
    {"out_of_office", CONFIG_KEY_WORD, AT(returns.out_of_office), "sooner", .words = AWAY_WORDS},
    {"reply_domains", CONFIG_KEY_TEXTS, AT(returns.reply_domains), .refuse = config_refuse_domain},
};

const struct config_table CONFIG_TABLE_TOLD[] = {
    {"", TOP_KEYS, COUNT(TOP_KEYS)},
    {"identity", IDENTITY_KEYS, COUNT(IDENTITY_KEYS)},
    {"database", DATABASE_KEYS, COUNT(DATABASE_KEYS)},
    {"ingest", INGEST_KEYS, COUNT(INGEST_KEYS)},
    {"dispatch", DISPATCH_KEYS, COUNT(DISPATCH_KEYS)},
    {"ladder", LADDER_KEYS, COUNT(LADDER_KEYS)},
    {"brake", BRAKE_KEYS, COUNT(BRAKE_KEYS)},
    {"retry", RETRY_KEYS, COUNT(RETRY_KEYS)},
    {"email", EMAIL_KEYS, COUNT(EMAIL_KEYS)},
    {"returns", RETURNS_KEYS, COUNT(RETURNS_KEYS)},
};
const size_t CONFIG_TABLE_TOLD_COUNT = COUNT(CONFIG_TABLE_TOLD);

/* Numbers and the word that a relay leaves out are those of email itself. */
#undef AT
#define AT(member) .offset = offsetof(struct email_relay, member)
static const struct config_key RELAY_KEYS[] = {
    {"name", CONFIG_KEY_TEXT, AT(name), .is_required = true, .refuse = config_refuse_code},
    {"url", CONFIG_KEY_TEXT, AT(url), .is_required = true, .refuse = config_refuse_url},
    {"tls", CONFIG_KEY_WORD, AT(tls), .words = TLS_WORDS},
    {"username", CONFIG_KEY_TEXT, AT(username)},
    {"password", CONFIG_KEY_TEXT, AT(password_file)},
    {"ca_file", CONFIG_KEY_TEXT, AT(ca_file)},
    {"connect_timeout_s", CONFIG_KEY_NUMBER, AT(connect_timeout_s), .least = 1, .most = 300},
    {"response_timeout_s", CONFIG_KEY_NUMBER, AT(response_timeout_s), .least = 1, .most = 3600},
    {"final_timeout_s", CONFIG_KEY_NUMBER, AT(final_timeout_s), .least = 1, .most = 3600},
    {"senders", CONFIG_KEY_NUMBER, AT(senders), .least = 1, .most = 64},
};
const struct config_table CONFIG_TABLE_RELAY = {"a relay", RELAY_KEYS, COUNT(RELAY_KEYS)};

#undef AT
#define AT(member) .offset = offsetof(struct config_feed, member)
static const struct config_key FEED_KEYS[] = {
    {"kind", CONFIG_KEY_WORD, AT(kind), "confirmed", .words = KIND_WORDS},
    {"key", CONFIG_KEY_TEXT, AT(key), .refuse = config_refuse_key},
    {"key_file", CONFIG_KEY_TEXT, AT(key_file)},
    {"next_key", CONFIG_KEY_TEXT, AT(next_key), .refuse = config_refuse_key},
    {"next_key_file", CONFIG_KEY_TEXT, AT(next_key_file)},
    {"secret_key", CONFIG_KEY_TEXT, AT(secret_key)},
    {"replay", CONFIG_KEY_TEXT, AT(replay), .refuse = config_refuse_connect},
    {"path", CONFIG_KEY_TEXT, AT(path)},
    {"owner", CONFIG_KEY_TEXT, AT(owner)},
    {"connect", CONFIG_KEY_TEXT, AT(connect), .refuse = config_refuse_connect},
    {"sources", CONFIG_KEY_TEXTS, AT(sources), .is_required = true, .refuse = config_refuse_source},
    {"types", CONFIG_KEY_TEXTS, AT(types), .is_required = true, .refuse = config_refuse_type},
    {"adapter", CONFIG_KEY_TEXT, AT(adapter), "cloudevents", .refuse = config_refuse_adapter},
    {"max_bytes", CONFIG_KEY_SIZE, AT(max_bytes), .least = 1024, .most = WIRE_FRAME_MOST},
    {"gap_tells", CONFIG_KEY_TEXTS, AT(gap_tells)},
    {"expects", CONFIG_KEY_APART, .type = CONFIG_TYPE_GROUP},
};
const struct config_table CONFIG_TABLE_FEED = {"a feed", FEED_KEYS, COUNT(FEED_KEYS)};

#undef AT
#define AT(member) .offset = offsetof(struct config_expects, member)
static const struct config_key EXPECTS_KEYS[] = {
    {"days", CONFIG_KEY_WORD, AT(days), "working", .words = DAYS_WORDS},
    {"from", CONFIG_KEY_TEXT, AT(from), "00:00", .refuse = config_refuse_minute},
    {"until", CONFIG_KEY_TEXT, AT(until), "24:00", .refuse = config_refuse_minute},
    {"silent_after", CONFIG_KEY_TEXT, AT(silent_after), .refuse = config_refuse_span},
    {"link_after", CONFIG_KEY_TEXT, AT(link_after), .refuse = config_refuse_span},
};
const struct config_table CONFIG_TABLE_EXPECTS = {"expects", EXPECTS_KEYS, COUNT(EXPECTS_KEYS)};

#undef AT
#define AT(member) .offset = offsetof(struct config_court_read, member)
static const struct config_key COURT_KEYS[] = {
    {"court", CONFIG_KEY_TEXT, AT(court.court), .is_required = true, .refuse = config_refuse_code},
    {"host", CONFIG_KEY_YES, AT(court.is_host), "false"},
    {"days", CONFIG_KEY_TEXTS, AT(days), .refuse = config_refuse_weekday},
};
const struct config_table CONFIG_TABLE_COURT = {"a court", COURT_KEYS, COUNT(COURT_KEYS)};

#undef AT
#define AT(member) .offset = offsetof(struct config_endpoint_read, member)
static const struct config_key ENDPOINT_KEYS[] = {
    {"kind", CONFIG_KEY_WORD, AT(endpoint.kind), "standard", .words = ENDPOINT_WORDS},
    {"when", CONFIG_KEY_WORD, AT(endpoint.when), "always", .words = WHEN_WORDS},
    {"url", CONFIG_KEY_TEXT, AT(endpoint.url), .refuse = config_refuse_url},
    {"url_file", CONFIG_KEY_TEXT, AT(endpoint.url_file)},
    {"secrets", CONFIG_KEY_TEXTS, AT(secrets)},
    {"api_key", CONFIG_KEY_TEXT, AT(endpoint.api_key_file)},
    {"template_id", CONFIG_KEY_TEXT, AT(endpoint.template_id)},
    {"to", CONFIG_KEY_TEXT, AT(endpoint.to)},
    {"personalisation", CONFIG_KEY_TEXTS, AT(endpoint.personalisation)},
    {"allow_private", CONFIG_KEY_YES, AT(endpoint.allow_private), "false"},
    {"ca_file", CONFIG_KEY_TEXT, AT(endpoint.ca_file)},
    {"cert_file", CONFIG_KEY_TEXT, AT(endpoint.cert_file)},
    {"key_file", CONFIG_KEY_TEXT, AT(endpoint.key_file)},
    {"connect_timeout_s", CONFIG_KEY_NUMBER, AT(endpoint.connect_timeout_s), "30", .least = 1, .most = 300},
    {"timeout_s", CONFIG_KEY_NUMBER, AT(endpoint.timeout_s), "30", .least = 1, .most = 600},
};
const struct config_table CONFIG_TABLE_ENDPOINT = {"a webhook", ENDPOINT_KEYS, COUNT(ENDPOINT_KEYS)};

#undef AT
#define AT(member) .offset = offsetof(struct config_role_read, member)
static const struct config_key ROLE_KEYS[] = {
    {"held", CONFIG_KEY_WORD, AT(role.held), .is_required = true, .words = HELD_WORDS},
    {"of", CONFIG_KEY_TEXT, AT(role.of)},
    {"above", CONFIG_KEY_TEXT, AT(role.above)},
    {"line", CONFIG_KEY_TEXT, AT(role.line)},
    {"mailbox", CONFIG_KEY_TEXT, AT(role.mailbox), .refuse = config_refuse_address},
    {"webhook", CONFIG_KEY_TEXT, AT(role.webhook)},
    {"falls_to", CONFIG_KEY_TEXTS, AT(falls_to)},
    {"out_of_hours", CONFIG_KEY_TEXT, AT(role.out_of_hours)},
    {"office_hours", CONFIG_KEY_YES, AT(role.office_hours), "false"},
    {"chase", CONFIG_KEY_YES, AT(role.chase), "false"},
};
const struct config_table CONFIG_TABLE_ROLE = {"a role", ROLE_KEYS, COUNT(ROLE_KEYS)};

static const struct config_key ROLES_KEYS[] = {
    {"lines", CONFIG_KEY_APART, .is_required = true, .type = CONFIG_TYPE_GROUP},
    {"roles", CONFIG_KEY_APART, .is_required = true, .type = CONFIG_TYPE_GROUP},
};
const struct config_table CONFIG_TABLE_ROLES = {"", ROLES_KEYS, COUNT(ROLES_KEYS)};
