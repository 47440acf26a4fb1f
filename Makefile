# SPDX-License-Identifier: Apache-2.0
# told: make · make deps · make demo · make test. The rest is listed by `make help`.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:

# One build tree per kind of build, so that switching never mixes objects.
KIND ?= release
B := build/$(KIND)

CC := gcc
# `make V=1` shows the commands.
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))
PKGS := libzmq libpq libcurl libconfig jansson expat libcmark libical libsodium libsystemd smartcols gmime-3.0
WARN := -Wall -Wextra -Wshadow -Wconversion -Wmissing-prototypes -Wcast-qual -Wstrict-prototypes -Wvla -Werror
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -DTOLD_FAULTS
CFLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer -DTOLD_FAULTS
CFLAGS_cover := -O0 -g --coverage -DTOLD_FAULTS
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_cover := --coverage

# The packages are asked for only when something is built, so that `make deps` runs on a bare machine.
PKG_CFLAGS = $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS = $(shell pkg-config --libs $(PKGS) 2>/dev/null)
CFLAGS_ALL = -std=gnu17 -D_GNU_SOURCE -Iinclude $(WARN) $(CFLAGS_$(KIND)) $(PKG_CFLAGS) -MMD -MP
LDLIBS_ALL = $(LDFLAGS_$(KIND)) $(PKG_LIBS) -lpthread -lm

LIB_SRC := $(sort $(wildcard lib/*.c))
# told's own main and the files of toldctl stay out of the archive that both, and the tests, link.
DAEMON_SRC := $(filter-out daemon/main.c daemon/toldctl%.c,$(sort $(wildcard daemon/*.c)))
TOLDCTL_SRC := $(sort $(wildcard daemon/toldctl*.c))
SUPPORT_SRC := $(filter-out %_main.c,$(sort $(wildcard tests/support/*.c)))
SUPPORT_MAIN := $(sort $(wildcard tests/support/*_main.c))
TEST_SRC := $(sort $(wildcard tests/unit/test_*.c tests/store/test_*.c tests/flow/test_*.c tests/fault/test_*.c))

obj = $(patsubst %.c,$(B)/%.o,$(1))
LIB_OBJ := $(call obj,$(LIB_SRC))
DAEMON_OBJ := $(call obj,$(DAEMON_SRC))
SUPPORT_OBJ := $(call obj,$(SUPPORT_SRC))
TEST_BIN := $(patsubst %.c,$(B)/%,$(TEST_SRC))
SUPPORT_BIN := $(patsubst tests/support/%_main.c,$(B)/%,$(SUPPORT_MAIN))

.PHONY: all
all: $(B)/told $(B)/toldctl

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(if $(filter tests/%,$<),-Idaemon -Itests/support) -c $< -o $@

# The numbered SQL files travel inside the programs: what told was built for is what it compares the database with.
SQL := $(sort $(wildcard sql/0*.sql))
$(B)/schema_files.c: $(SQL) sql/roles.sql Makefile
	@mkdir -p $(@D)
	@{ printf '/* Generated from sql/ by the Makefile. */\n#include "schema.h"\n'; \
	for f in $(SQL) sql/roles.sql; do n=$$(basename $$f .sql); \
	  printf '__asm__(".section .rodata\\n.global schema_%s\\nschema_%s: .incbin \\"%s\\"\\n.byte 0\\n.previous");\nextern const char schema_%s[];\n' $$n $$n $$f $$n; done; \
	printf 'const struct schema_file SCHEMA_FILES[] = {\n'; \
	for f in $(SQL); do n=$$(basename $$f .sql); printf '    {%d, "%s.sql", schema_%s},\n' $$((10#$${n%%_*})) $$n $$n; done; \
	printf '    {0, 0, 0},\n};\nconst char *const SCHEMA_ROLES = schema_roles;\n'; } >$@
$(B)/schema_files.o: $(B)/schema_files.c
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_ALL) -Idaemon -c $< -o $@

$(B)/libtold.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar crs $@ $^
$(B)/libdaemon.a: $(DAEMON_OBJ) $(B)/schema_files.o
	@rm -f $@
	$(Q)ar crs $@ $^
$(B)/libsupport.a: $(SUPPORT_OBJ)
	@rm -f $@
	$(Q)ar crs $@ $^

$(B)/told: $(call obj,daemon/main.c) $(B)/libdaemon.a $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $^ -o $@ $(LDLIBS_ALL)
$(B)/toldctl: $(call obj,$(TOLDCTL_SRC)) $(B)/libdaemon.a $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $^ -o $@ $(LDLIBS_ALL)
$(SUPPORT_BIN): $(B)/%: $(B)/tests/support/%_main.o $(B)/libsupport.a $(B)/libdaemon.a $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $^ -o $@ $(LDLIBS_ALL) -lmicrohttpd -lssl -lcrypto
# Unit tests link the pure core and nothing else: the link line proves what a test can reach.
$(B)/tests/unit/test_%: $(B)/tests/unit/test_%.o $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $^ -o $@ $(LDLIBS_ALL) -lcmocka
$(B)/tests/store/test_% $(B)/tests/flow/test_% $(B)/tests/fault/test_%: $(B)/libsupport.a $(B)/libdaemon.a $(B)/libtold.a
$(filter-out $(B)/tests/unit/%,$(TEST_BIN)): $(B)/%: $(B)/%.o $(B)/libsupport.a $(B)/libdaemon.a $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $(filter-out %.a,$^) $(B)/libsupport.a $(B)/libdaemon.a $(B)/libtold.a -o $@ $(LDLIBS_ALL) -lcmocka -lmicrohttpd -lssl -lcrypto

# ---- what a person asks for ----

.PHONY: help deps demo test asan ubsan tsan fuzz soak bench format lint arrows pure cover golden-update install clean

help:
	@echo 'make            told and toldctl (build/release)'
	@echo 'make deps       installs what is missing; silent when nothing is'
	@echo 'make demo       a story of made-up children, end to end; DEMO_ONCE=1 ends by itself'
	@echo 'make test       builds with sanitizers and runs every test against real parts'
	@echo 'make bench      figures beside the ceilings of this machine, in the same run'
	@echo 'make soak       a database that is away for a minute, 10,000 seeds of failing publishers; hours'
	@echo 'make tsan       the stages under ThreadSanitizer; also part of make test'
	@echo 'make fuzz       every fuzz target, FUZZ_SECONDS (60) each; or FUZZ_ONLY=expr FUZZ_RUNS=10000000'
	@echo 'make cover format lint arrows pure golden-update install'

deps:
	@tests/support/deps.sh

demo: deps
	@$(MAKE) --no-print-directory -j2 all build/release/demo build/release/smtp_sink build/release/webhook_sink
	@exec build/release/demo

# The tests are built with sanitizers; what they start is the told of the same build.
TESTS_asan = $(patsubst %.c,build/asan/%,$(TEST_SRC))
test: deps
	@$(MAKE) --no-print-directory -j2 KIND=asan tests-built
	@$(MAKE) --no-print-directory -j2 all
	@$(MAKE) --no-print-directory -j2 KIND=tsan tsan-built
	@tests/support/deps.sh fuzz
	@$(MAKE) --no-print-directory -j2 fuzz-built
	@tests/run.sh $(TESTS_asan) 'tsan=$(TSAN_RUN)' 'arrows=make -s arrows' 'pure=make -s pure' 'defects=tests/support/defects.sh' 'fuzz-expr=make -s fuzz FUZZ_SECONDS=20 FUZZ_ONLY=expr' 'fuzz-feeds=make -s fuzz FUZZ_SECONDS=10 FUZZ_ONLY="$(FUZZ_FEEDS)"' 'fuzz-rest=make -s fuzz FUZZ_SECONDS=2 FUZZ_EXCEPT="expr $(FUZZ_FEEDS)"'

.PHONY: tests-built tsan-built
tests-built: $(TEST_BIN) all $(SUPPORT_BIN)
tsan-built: all $(SUPPORT_BIN) $(B)/tests/flow/test_stages

asan: ; @$(MAKE) --no-print-directory -j2 KIND=asan tests-built
ubsan: asan
# gcc's ThreadSanitizer; the one suppression is for Debian's libzmq, which is not instrumented.
TSAN_RUN = TSAN_OPTIONS="suppressions=tests/support/tsan.suppressions halt_on_error=1 second_deadlock_stack=1" build/tsan/tests/flow/test_stages
tsan:
	@$(MAKE) --no-print-directory -j2 KIND=tsan tsan-built
	@$(TSAN_RUN)

FUZZ_SECONDS ?= 60
# FUZZ_RUNS: so many executions of each, however long they take, in place of seconds.
FUZZ_RUNS ?=
FUZZ_ALL := $(patsubst tests/fuzz/fuzz_%.c,%,$(sort $(wildcard tests/fuzz/fuzz_*.c)))
FUZZ_ONLY ?= $(FUZZ_ALL)
# What reads the bytes of a feed: the envelope, each adapter, the spool.
FUZZ_FEEDS := wire event adapter adapter_hearing xml spool_record
FUZZ_EXCEPT ?=
FUZZ := $(filter-out $(FUZZ_EXCEPT),$(FUZZ_ONLY))
FUZZ_FOR := $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS),-max_total_time=$(FUZZ_SECONDS))
# Comparisons are not traced: strcmp and memcmp are anyway, and each execution takes a third less.
FUZZ_CFLAGS := -O2 -g -std=gnu17 -D_GNU_SOURCE -Iinclude -Ilib -Idaemon -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-coverage=trace-cmp -fno-sanitize-recover=all
build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)clang $(FUZZ_CFLAGS) $(PKG_CFLAGS) -MMD -MP -c $< -o $@
build/fuzz/libtold.a: $(patsubst %.c,build/fuzz/%.o,$(LIB_SRC))
	@rm -f $@
	$(Q)ar crs $@ $^
build/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/libtold.a
	$(call say,LD,$@)
	$(Q)clang -fsanitize=fuzzer,address,undefined $(filter %.o,$^) build/fuzz/libtold.a -o $@ $(PKG_LIBS)
# The one parser outside lib/: it stands on a library with tables of its own.
build/fuzz/fuzz_returned: build/fuzz/daemon/returned_mime.o
.PHONY: fuzz-built
fuzz-built: $(addprefix build/fuzz/fuzz_,$(FUZZ))
fuzz:
	@tests/support/deps.sh fuzz
	@$(MAKE) --no-print-directory -j2 fuzz-built
	@for f in $(FUZZ); do mkdir -p build/fuzz/corpus/$$f; \
	  echo "fuzz $$f"; build/fuzz/fuzz_$$f $(FUZZ_FOR) $$(ls tests/fuzz/$$f.dict 2>/dev/null | sed s/^/-dict=/) -verbosity=0 -print_final_stats=1 -timeout=10 \
	    -artifact_prefix=build/fuzz/ build/fuzz/corpus/$$f tests/fuzz/seeds_$$f 2>build/fuzz/$$f.log || { cat build/fuzz/$$f.log; exit 1; }; \
	  sed -n 's/^stat::number_of_executed_units: */  executions without a finding: /p' build/fuzz/$$f.log; done

# The long forms of what make test runs in short. The 10,000 seeds go in boxes of 40, each with a database of its own: a
# child with hundreds of events behind it would measure patience and nothing else. SOAK_FIRST begins at another seed.
SOAK_FIRST ?= 1
SOAK_SEEDS ?= 10000
SOAK_BOX := 40
SOAK_SIM = $(foreach k,$(shell seq $(SOAK_FIRST) $(SOAK_BOX) $$(($(SOAK_FIRST) + $(SOAK_SEEDS) - 1))),'seeds-from-$(k)=TOLD_SIM_FIRST=$(k) build/asan/tests/fault/test_simulation')
soak: deps
	@$(MAKE) --no-print-directory -j2 KIND=asan tests-built
	@TOLD_TEST_TIMEOUT=7200 TOLD_STALL_SECONDS=60 TOLD_SIM_SECONDS=7000 TOLD_SIM_SEEDS=$(SOAK_BOX) \
	  tests/run.sh build/asan/tests/fault/test_stall $(SOAK_SIM)

# Ten minutes of a mail server that answers nothing: make test has twelve seconds of it.
.PHONY: soak-mail
soak: soak-mail
soak-mail: deps
	@$(MAKE) --no-print-directory -j2 all build/release/smtp_sink build/release/webhook_sink build/release/tests/fault/test_mail_stall
	@TOLD_STALL_SECONDS=$${TOLD_STALL_SECONDS:-600} TOLD_LATENESS_MS=50 build/release/tests/fault/test_mail_stall

BENCH_SRC := $(sort $(wildcard tests/bench/*.c))
$(B)/bench: $(call obj,$(BENCH_SRC)) $(B)/libsupport.a $(B)/libdaemon.a $(B)/libtold.a
	$(call say,LD,$@)
	$(Q)$(CC) $^ -o $@ $(LDLIBS_ALL) -lmicrohttpd -lssl -lcrypto
bench: deps
	@tests/support/deps.sh bench
	@$(MAKE) --no-print-directory -j2 all build/release/bench build/release/smtp_sink build/release/webhook_sink
	@build/release/bench

C_FILES := $(wildcard lib/*.[ch] include/told/*.h daemon/*.[ch] tests/*/*.[ch])
format:
	@tests/support/deps.sh lint
	@clang-format -i $(C_FILES)
lint:
	@tests/support/deps.sh lint
	@clang-format --dry-run -Werror $(C_FILES)

arrows:
	@$(MAKE) --no-print-directory -j2 all >/dev/null
	@tests/support/arrows.sh $(patsubst %.c,build/release/%.o,$(LIB_SRC) $(DAEMON_SRC) daemon/main.c $(TOLDCTL_SRC))
pure:
	@$(MAKE) --no-print-directory -j2 build/release/libtold.a >/dev/null
	@tests/support/pure.sh build/release/libtold.a

cover:
	@tests/support/deps.sh cover
	@$(MAKE) --no-print-directory -j2 KIND=cover tests-built
	@tests/run.sh $(patsubst %.c,build/cover/%,$(TEST_SRC))
	@gcovr --root . --object-directory build/cover --filter 'lib/' --filter 'daemon/' --print-summary

golden-update:
	@$(MAKE) --no-print-directory -j2 KIND=asan tests-built
	@for t in adapter adapter_spi adapter_hmpps adapter_dcf notice config email_message; do GOLDEN_UPDATE=1 $$(ls build/asan/tests/*/test_$$t); done

DESTDIR ?=
install: all
	install -D -m 0755 build/release/told $(DESTDIR)/usr/sbin/told
	install -D -m 0755 build/release/toldctl $(DESTDIR)/usr/bin/toldctl
	install -d $(DESTDIR)/etc/told && cp -r conf/told.conf conf/roles.conf conf/feeds conf/protocol conf/calendar conf/codes conf/templates $(DESTDIR)/etc/told/
	install -D -m 0644 systemd/told.service $(DESTDIR)/lib/systemd/system/told.service
	install -D -m 0644 systemd/told.sysusers $(DESTDIR)/usr/lib/sysusers.d/told.conf
	install -D -m 0644 systemd/told.tmpfiles $(DESTDIR)/usr/lib/tmpfiles.d/told.conf

clean:
	rm -rf build

-include $(shell find build -name '*.d' 2>/dev/null)
.SECONDARY:
