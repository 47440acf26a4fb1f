/* SPDX-License-Identifier: Apache-2.0 */
#include "service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include "log.h"
#include "notify.h"
#include "service_config.h"
#include "service_stages.h"
#include "store.h"
#include "watch.h"

struct service {
    const struct service_options *options;
    struct config_current *config;
    struct clock *clock;
    struct service_stages *stages;
    struct pg *pg; /* for the look at the schema; given up when that is done */
    struct watch watch;
    int signals;        /* signalfd */
    bool is_admitted;   /* the database fits: all stages run */
    bool is_away;       /* it did not answer: ingest alone runs */
    bool is_ready;      /* systemd has been told */
    bool is_stopping;
    int exit_code;
};

/* The longest that main waits for a silent database while it has signals to answer. */
enum { SERVICE_DATABASE_MS = 5000 };

static int open_signals(void)
{
    sigset_t wanted;

    sigemptyset(&wanted);
    sigaddset(&wanted, SIGTERM);
    sigaddset(&wanted, SIGINT);
    sigaddset(&wanted, SIGHUP);
    /* Before any thread: all inherit it, and signals come to main alone. */
    pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* ---- start ---- */

static void refuse(struct service *service, const char *reason)
{
    log_error("database=refused reason=\"%s\"", reason);
    service->exit_code = EX_UNAVAILABLE;
    service->is_stopping = true;
}

static void admit(struct service *service)
{
    (void)store_clock(service->pg, service->clock); /* a story's first tick already knows what time it is */
    pg_free(service->pg);
    service->pg = NULL;
    service->is_admitted = true;
    service_stages_start_all(service->stages);
}

static void wait_for_database(struct service *service)
{
    if (service->is_away)
        return;
    service->is_away = true;
    log_warning("database=away state=waiting: stages begin when it is back");
    /* Publishers are answered all the same, with BUSY. */
    service_stages_start(service->stages, STAGE_INGEST);
}

/* One try; the schema is looked at before any stage may write. */
static void try_database(struct service *service)
{
    struct config *config = config_current_get(service->config);
    char *reason = NULL;

    if (!pg_is_up(service->pg)) {
        wait_for_database(service);
    } else if ((reason = store_check(service->pg, config->authority)) == NULL) {
        admit(service);
    } else if (pg_status(service->pg) == PG_AWAY) {
        wait_for_database(service);
    } else {
        refuse(service, reason);
    }
    free(reason);
    config_unref(config);
}

static const char *status_text(const struct service *service)
{
    return service->is_admitted ? "running" : "waiting for the database";
}

static void say_ready(struct service *service)
{
    if (service->is_ready || !(service->is_admitted || service->is_away) || !service_stages_are_ready(service->stages))
        return;
    service->is_ready = true;
    notify_ready(status_text(service));
    log_info("told=ready state=\"%s\"", status_text(service));
}

/* ---- running ---- */

static void reload(struct service *service)
{
    notify_reloading(clock_monotonic_ms() * 1000);
    service_config_reload(service->options->file, service->config);
    service_stages_wake(service->stages);
    if (service->is_ready)
        notify_ready(status_text(service));
}

static void take_signals(struct service *service)
{
    struct signalfd_siginfo got;

    while (read(service->signals, &got, sizeof got) == (ssize_t)sizeof got) {
        if (got.ssi_signo == SIGHUP) {
            reload(service);
            continue;
        }
        log_info("signal=%s state=stopping", got.ssi_signo == SIGTERM ? "TERM" : "INT");
        service->is_stopping = true;
    }
}

static void sleep_a_while(struct service *service)
{
    struct pollfd wait = {.fd = service->signals, .events = POLLIN};

    (void)poll(&wait, 1, watch_wait_ms(&service->watch));
}

static void turn(struct service *service)
{
    const struct stage *running[STAGE_COUNT];
    size_t count;
    bool was_admitted = service->is_admitted;

    take_signals(service);
    if (!service->is_admitted && !service->is_stopping)
        try_database(service);
    if (service->is_ready && service->is_admitted && !was_admitted)
        notify_status(status_text(service));
    if (service_stages_have_failed(service->stages)) {
        service->exit_code = EX_SOFTWARE;
        service->is_stopping = true;
    }
    say_ready(service);
    count = service_stages_running(service->stages, running);
    if (watch_look(&service->watch, running, count, clock_monotonic_ms()))
        notify_watchdog();
}

/* ---- stop ---- */

/* While a stage finishes what is in flight. A second request to stop does not wait: what was in flight is taken over by
 * lease and by state, as after a crash. */
static void while_stopping(void *cookie)
{
    struct service *service = cookie;
    struct signalfd_siginfo got;

    sleep_a_while(service);
    while (read(service->signals, &got, sizeof got) == (ssize_t)sizeof got)
        if (got.ssi_signo != SIGHUP) {
            log_warning("signal=again: not waiting for what is in flight");
            _exit(EX_TEMPFAIL);
        }
}

static void service_release(struct service *service)
{
    service_stages_free(service->stages);
    pg_free(service->pg);
    clock_free(service->clock);
    config_current_free(service->config);
    if (service->signals >= 0)
        close(service->signals);
}

int service_run(const struct service_options *options, struct config *config)
{
    struct service service = {.options = options, .exit_code = EX_OK, .signals = open_signals()};
    int deadline_ms = config->database_deadline_ms < SERVICE_DATABASE_MS ? config->database_deadline_ms : SERVICE_DATABASE_MS;

    service.clock = clock_new();
    service.pg = pg_new(config->database, service_config_user(config, options->stages), deadline_ms);
    service.config = config_current_new(config);
    service.stages = service_stages_new(options->stages, options->shadow, service.config, service.clock);
    watch_init(&service.watch, notify_watchdog_ms(), clock_monotonic_ms());
    if (service.signals < 0) {
        log_error("signals cannot be taken (%s)", strerror(errno));
        service.exit_code = EX_OSERR;
        service.is_stopping = true;
    }
    while (!service.is_stopping) {
        turn(&service);
        if (!service.is_stopping)
            sleep_a_while(&service);
    }
    notify_stopping();
    service_stages_stop(service.stages, while_stopping, &service);
    log_info("told=stopped exit=%d", service.exit_code);
    service_release(&service);
    return service.exit_code;
}
