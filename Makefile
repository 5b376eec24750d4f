# Tocsin. `make help` lists the targets.
#
#   make SAN=address    an ASan and UBSan build in build/address (SAN=thread: TSan)
#   make CRASH=1        the crash points of daemon/base/crash.h compiled in, in build/crash
#   make FUZZ=1         clang's, with what libFuzzer needs, in build/fuzz (`make fuzz` asks for it)
#   make install PREFIX=/usr DESTDIR=/tmp/root
#   make MUTANT=NAME    a build that is wrong on purpose (tests/end-to-end/test_crash.py, test_power_cut.py), in build/mutant-NAME

.DEFAULT_GOAL := all
SHELL := /bin/sh
PYTHON := /usr/bin/python3

# V=1 shows each command.
V :=
Q := $(if $(V),,@)
comma := ,
SAN :=
CRASH :=
MUTANT :=
FUZZ :=
BUILD := build$(if $(FUZZ),/fuzz)$(if $(SAN),/$(SAN))$(if $(MUTANT),/mutant-$(MUTANT),$(if $(CRASH),/crash))

DEPS := gcc make pkg-config libesmtp-dev libuv1-dev libyaml-dev libsqlite3-dev libc-ares-dev libgmime-3.0-dev libpsl-dev \
	libidn2-dev libjansson-dev libssl-dev libarchive-dev zlib1g-dev libsystemd-dev publicsuffix tzdata python3
# The libraries of Postfix, which is only unpacked (tests/unpack-postfix), stand at the end.
DEPS_TEST := $(DEPS) libcmocka-dev libfaketime sqlite3 clang-format systemd strace clang libclang-rt-dev clang-tidy cppcheck valgrind \
	libdb5.3 libicu72 libnsl2 libsasl2-2

PREFIX := /usr/local
DESTDIR :=

VERSION := 0.1.0
PACKAGES := libesmtp-1.0 libuv yaml-0.1 sqlite3 libcares gmime-3.0 libpsl libidn2 jansson openssl libarchive zlib libsystemd
CC := $(if $(FUZZ),clang,gcc)
CSTD := -std=gnu11
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla -Werror
HARDEN := -fstack-protector-strong -fstack-clash-protection -fPIE -U_FORTIFY_SOURCE $(if $(SAN)$(FUZZ),,-D_FORTIFY_SOURCE=3)
OPT := -O2 -g
SANITIZERS := $(if $(FUZZ),address$(comma)undefined$(comma)fuzzer-no-link,$(SAN)$(if $(filter address,$(SAN)),$(comma)undefined))
SANFLAGS := $(if $(SANITIZERS),-fsanitize=$(SANITIZERS) -fno-omit-frame-pointer -fno-sanitize-recover=all)
# Recursive, and used only in recipes: pkg-config need not be there before `make deps` has run.
PKG_CFLAGS = $(shell pkg-config --cflags $(PACKAGES) | sed 's/-I/-isystem /g')
PKG_LIBS = $(shell pkg-config --libs $(PACKAGES))
CPPFLAGS := -I. -D_GNU_SOURCE -DTOCSIN_VERSION='"$(VERSION)"' $(if $(CRASH)$(MUTANT),-DTOCSIN_CRASH_POINTS) \
	$(if $(MUTANT),-DTOCSIN_MUTANT_$(MUTANT))
CFLAGS := $(CSTD) $(OPT) $(WARN) $(HARDEN) $(SANFLAGS) -pthread
LDFLAGS := -pie -Wl,-z,relro,-z,now -pthread $(SANFLAGS)

ROOMS := config templates queue $(addprefix daemon/,base feed feed/mail contact notify delivery bounce report spool control command)
SOURCES := $(wildcard $(addsuffix /*.c,$(ROOMS))) $(filter-out daemon/tocsin.c daemon/tocsind.c,$(wildcard daemon/*.c))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
LIBRARY := $(BUILD)/libtocsin.a
PROGRAMS := $(patsubst daemon/%.c,$(BUILD)/%,$(wildcard daemon/tocsin.c daemon/tocsind.c))
UNIT := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/unit/test_*.c))
# tests/fuzz/fuzz.h: with libFuzzer, and without it to replay the seeds.
TARGETS := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZERS := $(TARGETS:%=build/fuzz/tests/fuzz/fuzz_%)
REPLAYS := $(TARGETS:%=$(BUILD)/tests/fuzz/test_%)

.PHONY: all help deps deps-test tests unit check valgrind fuzz fuzzers analyse demo bench install uninstall format format-check clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST)

all: $(PROGRAMS) ## build build/tocsin and build/tocsind

$(BUILD)/%.o: %.c Makefile
	@mkdir -p $(@D)
	@echo '  CC   $<'
	$(Q)$(CC) $(CPPFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIBRARY): $(OBJECTS)
	@rm -f $@
	$(Q)ar rcs $@ $^

$(PROGRAMS): $(BUILD)/%: $(BUILD)/daemon/%.o $(LIBRARY)
	@echo '  LINK $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(LIBRARY) $(PKG_LIBS) -ldl -lm

$(UNIT): $(BUILD)/%: $(BUILD)/%.o $(LIBRARY)
	@echo '  LINK $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $< $(LIBRARY) $(PKG_LIBS) -lcmocka -ldl -lm

$(REPLAYS): $(BUILD)/tests/fuzz/test_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/replay.o $(LIBRARY)
	@echo '  LINK $@'
	$(Q)$(CC) $(LDFLAGS) -o $@ $(filter %.o,$^) $(LIBRARY) $(PKG_LIBS) -lcmocka -ldl -lm

$(FUZZERS): build/fuzz/tests/fuzz/fuzz_%: build/fuzz/tests/fuzz/fuzz_%.o build/fuzz/tests/fuzz/libfuzzer.o build/fuzz/libtocsin.a
	@echo '  LINK $@'
	$(Q)$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS) -ldl -lm

deps: ## install what the build needs (Debian 12)
	@tests/install-packages $(DEPS)

deps-test: ## install what the tests need
	@tests/install-packages $(DEPS_TEST)
	@tests/unpack-postfix build/peer || echo 'deps-test: no Postfix to be had: its test will be skipped' >&2

tests: $(UNIT) $(REPLAYS) all ## build the unit tests

unit: ## run the unit tests
	@$(MAKE) --no-print-directory tests
	@$(PYTHON) tests/run --build $(BUILD) unit

fuzzers: $(if $(FUZZ),$(FUZZERS))
	$(if $(FUZZ),,@$(MAKE) --no-print-directory FUZZ=1 fuzzers)

FUZZ_SECONDS := 60
ALL :=
valgrind: deps-test ## run the unit tests and a campaign under valgrind (a quarter of an hour); ALL=1 the end-to-end tests besides (over an hour)
	@$(MAKE) --no-print-directory -j2 tests
	@tests/valgrind $(if $(ALL),--all) $(BUILD)

fuzz: deps-test ## fuzz each target of tests/fuzz for FUZZ_SECONDS; TARGETS="csv lmtp" only those
	@$(MAKE) --no-print-directory -j2 fuzzers
	@tests/fuzz/run $(FUZZ_SECONDS) $(TARGETS)

check: deps-test ## install what the tests need, and run them all, then again under ASan and UBSan; fuzz for some seconds
	@$(MAKE) --no-print-directory format-check
	@$(MAKE) --no-print-directory -j2 tests
	@$(PYTHON) tests/run --build $(BUILD) all
	@$(if $(SAN),,$(MAKE) --no-print-directory SAN=address -j2 tests)
	@$(if $(SAN),,$(PYTHON) tests/run --build build/address all)
	@$(if $(SAN),,$(MAKE) --no-print-directory FUZZ_SECONDS=3 fuzz)

# Each suppression has its reason beside it: .clang-tidy, tests/cppcheck.cfg, NOLINT in the code. cppcheck's readdirCalled: no directory
# is read by two threads at once, and readdir_r(3) tells you to use readdir(3).
ANALYSED := $(SOURCES) daemon/tocsin.c daemon/tocsind.c
analyse: deps-test ## static analysis: gcc's, clang-tidy, cppcheck
	@$(MAKE) --no-print-directory -j2 BUILD=build/analyser OPT='$(OPT) -fanalyzer' all
	@echo '  cppcheck'
	$(Q)cppcheck -q -j2 --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
		--library=posix,gnu,tests/cppcheck.cfg --suppress=readdirCalled $(CPPFLAGS) $(ANALYSED)
	@echo '  clang-tidy'
	$(Q)printf '%s\n' $(ANALYSED) | xargs -P2 -I{} clang-tidy --quiet {} -- $(CPPFLAGS) $(PKG_CFLAGS) $(CSTD) 2>build/analyser/clang-tidy.log

bench: deps-test ## measure feeds and loading beside sqlite3's .import, delivery beside Postfix's smtp-source, the loop's lag under load, and a whole campaign in the lab
	@$(MAKE) --no-print-directory -j2 all
	@$(PYTHON) tests/bench/feed --build $(BUILD)
	@$(PYTHON) tests/bench/load --build $(BUILD)
	@$(PYTHON) tests/bench/delivery --build $(BUILD)
	@$(PYTHON) tests/bench/loop-lag --build $(BUILD)
	@$(PYTHON) tests/bench/campaign --build $(BUILD)

SCRATCH := /tmp/tocsin-demo-$(shell id -u)
demo: deps ## rehearse a campaign of 1,000 domains in the lab, and print its report
	@$(MAKE) --no-print-directory -j2 all
	@rm -rf $(SCRATCH) && mkdir -p $(SCRATCH)
	@tests/lab/story $(SCRATCH)
	@tests/lab/rehearse --scenario $(SCRATCH)/scenario.json --feed $(SCRATCH)/story.csv --set @$(SCRATCH)/settings --progress

# The programs, the units, the templates, the snapshot of the RDAP bootstrap, and a configuration where there is none yet.
BINDIR = $(DESTDIR)$(PREFIX)/bin
SBINDIR = $(DESTDIR)$(PREFIX)/sbin
SHAREDIR = $(DESTDIR)$(PREFIX)/share/tocsin
DOCDIR = $(DESTDIR)$(PREFIX)/share/doc/tocsin
LIBDIR = $(DESTDIR)$(PREFIX)/lib
# The files in the tree name /usr/local/bin, and templates in both /usr/local/share and /usr/share: what is installed names where it is, once.
RELOCATE = sed -e 's|/usr/local/|$(PREFIX)/|g' -e 's|/usr/share/tocsin|$(PREFIX)/share/tocsin|g' \
	-e 's|\($(PREFIX)/share/tocsin/templates\), *\1|\1|'

install: all ## install it (PREFIX=/usr/local DESTDIR=)
	install -d $(BINDIR) $(SBINDIR) $(SHAREDIR)/templates $(DOCDIR) $(DESTDIR)/etc/tocsin/templates
	install -d $(LIBDIR)/systemd/system $(LIBDIR)/systemd/catalog $(LIBDIR)/sysusers.d $(LIBDIR)/tmpfiles.d
	install -m 755 $(BUILD)/tocsin $(BINDIR)/tocsin
	install -m 755 $(BUILD)/tocsind $(SBINDIR)/tocsind
	cd templates && find . \( -name '*.txt' -o -name '*.html' -o -name '*.mustache' \) -exec install -D -m 644 {} $(abspath $(SHAREDIR))/templates/{} \;
	install -D -m 644 -t $(SHAREDIR)/rdap daemon/contact/data/*.json
	install -m 644 README.md ARCHITECTURE.md LICENSE $(DOCDIR)
	install -D -m 644 -t $(DOCDIR)/docs docs/*.md
	$(RELOCATE) config/tocsin.yaml > $(DOCDIR)/tocsin.yaml
	$(RELOCATE) systemd/tocsind.service > $(LIBDIR)/systemd/system/tocsind.service
	install -m 644 systemd/tocsin.sysusers $(LIBDIR)/sysusers.d/tocsin.conf
	install -m 644 systemd/tocsin.catalog $(LIBDIR)/systemd/catalog/tocsin.catalog
	install -m 644 systemd/tocsin.tmpfiles $(LIBDIR)/tmpfiles.d/tocsin.conf
	chmod 644 $(DOCDIR)/tocsin.yaml $(LIBDIR)/systemd/system/tocsind.service
	test -e $(DESTDIR)/etc/tocsin/tocsin.yaml || install -m 644 $(DOCDIR)/tocsin.yaml $(DESTDIR)/etc/tocsin/tocsin.yaml
	@$(if $(DESTDIR),,echo 'Now: systemd-sysusers; systemd-tmpfiles --create tocsin.conf; systemctl daemon-reload; journalctl --update-catalog; edit /etc/tocsin/tocsin.yaml; sudo -u tocsin tocsin check')

uninstall: ## remove what install put there; the configuration, the store and the spool stay
	rm -f $(BINDIR)/tocsin $(SBINDIR)/tocsind $(LIBDIR)/systemd/system/tocsind.service $(LIBDIR)/systemd/catalog/tocsin.catalog \
		$(LIBDIR)/sysusers.d/tocsin.conf $(LIBDIR)/tmpfiles.d/tocsin.conf
	rm -rf $(SHAREDIR) $(DOCDIR)

FORMATTED := $(wildcard $(addsuffix /*.[ch],$(ROOMS) daemon tests/unit tests/fuzz))
format: ## lay the code out
	clang-format -i $(FORMATTED)

format-check: ## say which files are not laid out as .clang-format has it
	$(Q)clang-format --dry-run --Werror $(FORMATTED)

clean: ## remove everything built
	rm -rf build

-include $(OBJECTS:.o=.d) $(UNIT:=.d) $(wildcard $(BUILD)/tests/fuzz/*.d) $(PROGRAMS:$(BUILD)/%=$(BUILD)/daemon/%.d)
