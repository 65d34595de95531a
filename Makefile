#: make [all]       build/dttk
#: make demo        send a picture over a bad line, and see it arrive
#: make test        every test; its last line is "N passed, N failed, N skipped"
#: make lint        compilers' warnings, format, static checks, the layers of the house
#: make install     to $(DESTDIR)$(PREFIX); uninstall undoes it
#: make bench       beside cat, sz | rz, kermit: a table and pictures in build/bench
#: also: test_pipeline test_loopback bench-NAME bench-line fmt fuzz coverage dist clean
#: settings: BUILD=asan|cov|fuzz  WITH_ISAL, WITH_XXHASH, WITH_ZSTD=auto|0|1  CC CFLAGS LDFLAGS
#:           PREFIX PKG_CONFIG V=1
#: scripts/bootstrap installs what building and testing need.

VERSION     = 0.1
PREFIX      = /usr/local
DESTDIR     =
PKG_CONFIG  = pkg-config
WITH_ISAL   = auto
WITH_XXHASH = auto
WITH_ZSTD   = auto
BUILD      ?=
V           = 0

# ---- Sources, by name -----------------------------------------------------------------------

CORE    = bytes buffer crc gf256 cobs frame rlc rlc_system packet status object waiting answers \
          finished stream_in stream_out repairs recover sender sender_plan sender_stream \
          sender_two_way sender_heard flight delivery receiver slot slot_store slot_symbols armor \
          ftag ftag_bridge ftag_sender name
HOST    = bench bench_child bench_code bench_link bench_pair bench_pipe bench_search bench_stages \
          clock console damage damage_frames delay diag digest disk file_packer file_sink \
          file_sink_begin file_sink_target file_source hasher journal journal_open json_out \
          kernels kernels_gfni line link loop names noise noise_pty outbox outbox_share outgoing \
          outgoing_dttk outgoing_ftag outgoing_stream outgoing_words pacer pack part patience \
          port profile progress pty queue report report_json send_patience serial serial_await \
          serial_list side silence spool station store store_keep store_open store_resume \
          store_save store_target store_unpack text transfer_recv transfer_recv_open \
          transfer_send tty verdict wire_in wire_out
CMD     = main bench bench_link link_options noise options ports recv send words
HELPERS = sim/sim sim/sim_line sim/tape sim/duplex
UNIT    = test_answers test_answers_tags test_armor test_bench test_bench_search test_buffer \
          test_bytes test_cobs test_console test_crc test_damage test_delivery test_diag \
          test_digest test_file_source test_finished test_flight test_frame test_frame_reader \
          test_ftag test_ftag_bridge test_ftag_reader test_ftag_runs test_ftag_sender test_gf256 \
          test_journal test_journal_torn test_kernels test_lane test_lane_portable test_line \
          test_link test_link_away test_link_options test_link_queue test_link_terminal \
          test_name test_names test_object test_object_layout test_pacer test_pack test_packet \
          test_packet_wire test_part test_port test_profile test_progress test_pty test_queue \
          test_receiver test_receiver_gaps test_repairs test_rlc test_rlc_system test_sender \
          test_sender_stream_two_way test_sender_two_way test_serial test_serial_await \
          test_serial_list test_serial_refuse test_silence test_status test_store \
          test_store_later test_store_left test_store_nameless test_store_pipe test_store_resume \
          test_store_save test_store_target test_store_unpack test_stream test_vectors \
          test_verdict test_waiting test_wire_in test_wire_in_forget test_wire_out
SIM     = test_captures test_duplex test_duplex_cuts test_flood test_ftag_line test_ftag_pieces \
          test_hostile test_loopback test_many test_stream test_transfer
FUZZ    = fuzz_answers fuzz_armor fuzz_frame fuzz_ftag fuzz_pack fuzz_packet fuzz_receiver \
          fuzz_wire

# The arithmetic of every byte: the only files whose inner loops are worth -O3.
HOT     = crc

# ---- One build folder per variant -----------------------------------------------------------

B := build$(addprefix -,$(BUILD))

ifeq ($(BUILD),)
CFLAGS   = -O2 -g
HOTFLAGS = -O3
else ifeq ($(BUILD),asan)
CFLAGS   = -O1 -g
VARIANT  = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# gcc's shared libubsan beside libasan disregards UBSAN_OPTIONS=log_path, by which tests are gated.
RUNTIME := $(shell echo 'int main(void) { return 0; }' | $(CC) -fsanitize=undefined \
             -static-libubsan -xc -o /dev/null - 2>/dev/null && echo -static-libubsan)
else ifeq ($(BUILD),cov)
CFLAGS   = -O0 -g
VARIANT  = --coverage -fprofile-update=atomic
else ifeq ($(BUILD),fuzz)
CC       = clang
CFLAGS   = -O1 -g
SANITIZE = address,undefined
VARIANT  = -fsanitize=fuzzer-no-link,$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer
else
$(error BUILD is one of asan, cov, fuzz, or nothing: not $(BUILD))
endif

# ---- Libraries ------------------------------------------------------------------------------

# An optional library: WITH_X is 0, 1, or auto, which asks pkg-config for $(2).
optional = $(if $(filter auto,$(1)),$(shell $(PKG_CONFIG) --exists $(2) && echo 1 || echo 0),$(1))

ISAL   := $(call optional,$(WITH_ISAL),libisal)
XXHASH := $(call optional,$(WITH_XXHASH),libxxhash)
ZSTD   := $(call optional,$(WITH_ZSTD),libzstd)
PKGS   := nettle json-c libserialport
WITH   :=
ifeq ($(ISAL),1)
PKGS += libisal
WITH += -DWITH_ISAL=1
endif
ifeq ($(XXHASH),1)
PKGS += libxxhash
WITH += -DWITH_XXHASH=1
endif
ifeq ($(ZSTD),1)
PKGS += libzstd
WITH += -DWITH_ZSTD=1
endif

# Say what is missing now, not by a header that is not found; some targets need no library.
ifneq ($(filter-out clean fmt dist uninstall help lint-%,$(or $(MAKECMDGOALS),all)),)
ABSENT := $(strip $(foreach p,$(PKGS),$(shell $(PKG_CONFIG) --exists $(p) || echo $(p))))
$(if $(ABSENT),$(error $(PKG_CONFIG) does not find: $(ABSENT); scripts/bootstrap installs them))
endif

PKG_CFLAGS  := $(shell $(PKG_CONFIG) --silence-errors --cflags $(PKGS))
LIBS        := $(shell $(PKG_CONFIG) --silence-errors --libs $(PKGS))
TEST_CFLAGS := $(shell $(PKG_CONFIG) --silence-errors --cflags criterion)
TEST_LIBS   := $(or $(shell $(PKG_CONFIG) --silence-errors --libs criterion),-lcriterion)

# ---- Flags ----------------------------------------------------------------------------------

WARNINGS = -Wall -Wextra -Wpedantic -Wconversion -Wswitch-enum -Wshadow -Wstrict-prototypes \
           -Wmissing-prototypes
BASE     = -std=c11 $(WARNINGS) -Isrc
HOSTED   = -D_GNU_SOURCE -DDTTK_VERSION='"$(VERSION)"' $(WITH) $(PKG_CFLAGS)
COMPILE  = $(CC) $(BASE) $(AREA) $(CPPFLAGS) $(VARIANT) $(CFLAGS)
LINK     = $(CC) $(VARIANT) $(RUNTIME) $(CFLAGS) $(LDFLAGS)

# What a file may know by where it lies: core nothing of the system.
AREA                = $(HOSTED)
# (private: a prerequisite does not inherit it.)
$(B)/tests/%:    private AREA = $(HOSTED) -Itests $(TEST_CFLAGS)
$(B)/src/core/%: private AREA =
$(HOT:%=$(B)/src/core/%.o): private CFLAGS += $(HOTFLAGS)

ifeq ($(V),1)
Q   =
say = @:
else
Q   = @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

# ---- Files ----------------------------------------------------------------------------------

object = $(patsubst %,$(B)/$(1)/%.o,$(2))

CORE_OBJS   := $(call object,src/core,$(CORE))
HOST_OBJS   := $(call object,src/host,$(HOST))
CMD_OBJS    := $(call object,src/cmd,$(CMD))
HELPER_OBJS := $(call object,tests,$(HELPERS))
TEST_OBJS   := $(call object,tests/unit,$(UNIT)) $(call object,tests/sim,$(SIM))
FUZZ_OBJS   := $(call object,tests/fuzz,$(FUZZ))
ARCHIVES    := $(B)/libdttk_cmd.a $(B)/libdttk_host.a $(B)/libdttk_core.a
TESTS       := $(TEST_OBJS:.o=)
FUZZERS     := $(FUZZ_OBJS:.o=)
BENCHES     := $(B)/tests/sim/bench_erasure $(B)/tests/sim/bench_latency
PRELOADS    := $(B)/tests/cli/fault.so $(B)/tests/cli/uart.so
CLI_TESTS    = $(wildcard tests/cli/*.sh)
MAN          = $(wildcard man/*.[15])
C_FILES      = $(wildcard src/*/*.c tests/*/*.c)
C_AND_H      = $(C_FILES) $(wildcard src/*/*.h tests/*/*.h)
SHELL_FILES  = .ci/run $(wildcard scripts/*) $(CLI_TESTS)

# ---- Build ----------------------------------------------------------------------------------

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help demo test test_pipeline test_loopback bench bench-line coverage fuzz lint fmt \
        install uninstall dist clean FORCE

all: $(B)/dttk

help:
	@sed -n 's/^#: //p' Makefile

# Everything is rebuilt when the compiler or a flag changes.
$(B)/flags: FORCE
	@mkdir -p $(B)
	@echo '$(COMPILE) $(HOTFLAGS) / $(LINK) $(LIBS)' | cmp -s - $@ || \
	    echo '$(COMPILE) $(HOTFLAGS) / $(LINK) $(LIBS)' > $@

$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(B)/libdttk_core.a: $(CORE_OBJS)
$(B)/libdttk_host.a: $(HOST_OBJS)
$(B)/libdttk_cmd.a:  $(filter-out %/main.o,$(CMD_OBJS))
$(B)/libdttk_test.a: $(HELPER_OBJS)
$(ARCHIVES) $(B)/libdttk_test.a: $(B)/flags
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(B)/dttk: $(B)/src/cmd/main.o $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

$(TESTS): %: %.o $(B)/libdttk_test.a $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(TEST_LIBS)

ifeq ($(BUILD),fuzz)
FUZZ_LINK = -fsanitize=fuzzer,$(SANITIZE)
else
FUZZ_MAIN = $(B)/tests/fuzz/replay.o
endif

$(FUZZERS): %: %.o $(FUZZ_MAIN) $(B)/libdttk_test.a $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(LINK) $(FUZZ_LINK) -o $@ $^ $(LIBS)

# Preloaded by tests: calls fail, a UART is seen. Never with sanitizers: they come first then.
$(PRELOADS): private VARIANT =
$(PRELOADS): $(B)/tests/cli/%.so: tests/cli/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(COMPILE) -fPIC -shared -o $@ $< -ldl

$(B)/tests/sim/bench_%: $(B)/tests/sim/bench_%.o $(B)/libdttk_test.a $(ARCHIVES)
	$(call say,LD,$@)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

demo: all
	@scripts/demo $(B)

# ---- Tests ----------------------------------------------------------------------------------

test: all $(TESTS) $(FUZZERS) $(PRELOADS) $(BENCHES)
	@scripts/run-tests $(B) $(TESTS) $(FUZZERS) $(CLI_TESTS)

test_pipeline: all
	@scripts/run-tests $(B) tests/cli/pipeline.sh

test_loopback: $(B)/tests/sim/test_loopback
	@scripts/run-tests $(B) $<

bench-%: $(B)/tests/sim/bench_%
	$< $(OPTIONS)

# More in scripts/bench --help: make bench OPTIONS=--quick
bench: all $(BENCHES)
	@scripts/bench --dttk $(B)/dttk $(OPTIONS)

# More in scripts/bench-line --help: make bench-line OPTIONS='--quick -j 4'
bench-line: all
	@scripts/bench-line --dttk $(B)/dttk $(OPTIONS)

coverage: test
	@gcov -n $(CORE_OBJS) $(HOST_OBJS) $(CMD_OBJS) | awk -F"'" \
	    '/^File/ { file = $$2 } /^Lines executed/ && file ~ /^src/ { print file, $$0; file = "" }'

# Each fuzzer keeps its corpus in the build folder; what breaks it is left beside.
FUZZ_SECONDS = 60
fuzz: $(FUZZERS)
	$(if $(filter fuzz,$(BUILD)),,$(error make BUILD=fuzz fuzz))
	@set -e; for f in $^; do \
	    mkdir -p $$f.corpus; echo "$$f, $(FUZZ_SECONDS) s"; \
	    $$f -max_total_time=$(FUZZ_SECONDS) -max_len=140000 -timeout=10 -verbosity=0 \
	        -print_final_stats=1 -artifact_prefix=$$f. $$f.corpus fixtures; \
	done

# ---- Lint: every part runs, and make names those that failed ----------------------------------

LINTS := lint-gcc lint-clang lint-lists lint-format lint-cppcheck lint-shell lint-man \
         lint-layers lint-freestanding
.PHONY: $(LINTS)
ifneq ($(filter lint,$(MAKECMDGOALS)),)
MAKEFLAGS += --keep-going
endif

lint: $(LINTS)
	@echo "lint: clean"

lint-gcc:   $(C_FILES:%.c=$(B)/lint/gcc/%.o)
lint-clang: $(C_FILES:%.c=$(B)/lint/clang/%.o)

$(B)/lint/%:                private CFLAGS  = -O2 -Werror
$(B)/lint/%:                private VARIANT =
$(B)/lint/gcc/%:            private CC      = gcc
$(B)/lint/clang/%:          private CC      = clang
$(B)/lint/gcc/tests/%:      private AREA    = $(HOSTED) -Itests $(TEST_CFLAGS)
$(B)/lint/clang/tests/%:    private AREA    = $(HOSTED) -Itests $(TEST_CFLAGS)
$(B)/lint/gcc/src/core/%:   private AREA    =
$(B)/lint/clang/src/core/%: private AREA    =

lint = @mkdir -p $(@D) && $(COMPILE) -MMD -MP -c -o $@ $<
$(B)/lint/gcc/%.o:   %.c $(B)/flags ; $(lint)
$(B)/lint/clang/%.o: %.c $(B)/flags ; $(lint)

# A file nobody lists is a test nobody runs.
LISTED = $(CORE:%=src/core/%.c) $(HOST:%=src/host/%.c) $(CMD:%=src/cmd/%.c) $(HELPERS:%=tests/%.c) \
         $(UNIT:%=tests/unit/%.c) $(SIM:%=tests/sim/%.c) $(FUZZ:%=tests/fuzz/%.c) \
         $(PRELOADS:$(B)/%.so=%.c) tests/fuzz/replay.c $(wildcard tests/sim/bench_*.c)
lint-lists:
	$(if $(filter-out $(LISTED),$(C_FILES)),\
	    @echo "not listed in the Makefile: $(filter-out $(LISTED),$(C_FILES))"; false)

lint-format:
	@clang-format --dry-run -Werror $(C_AND_H)

# cppcheck does not read Criterion's headers, and takes memset for a reading of what it sets.
lint-cppcheck:
	@cppcheck --quiet --error-exitcode=1 -j 2 --std=c11 --enable=warning,performance,portability \
	    --inline-suppr --suppress=missingIncludeSystem \
	    --suppress=uninitvar:src/core/gf256.c -Itests -D_GNU_SOURCE -Isrc \
	    '-DTest(suite,name,...)=static void suite##_##name(void)' -DDTTK_VERSION='"$(VERSION)"' \
	    $(C_FILES)

lint-shell:
	@shellcheck -x -P SCRIPTDIR $(SHELL_FILES)

lint-man:
	$(if $(MAN),@mandoc -Tlint -Wwarning $(MAN))

lint-layers:
	@scripts/check-layers

lint-freestanding:
	@scripts/check-freestanding

fmt:
	clang-format -i $(C_AND_H)

# ---- Install ----------------------------------------------------------------------------------

BINDIR  = $(DESTDIR)$(PREFIX)/bin
MANDIR  = $(DESTDIR)$(PREFIX)/share/man
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
DOCDIR  = $(DESTDIR)$(PREFIX)/share/doc/dttk

# To be looked at and copied: where they are installed they do nothing.
EXAMPLES = 60-dttk.rules dttk-recv@.service

install: all
	install -d $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man5 $(BASHDIR) $(DOCDIR)/examples
	install -m 755 $(B)/dttk $(BINDIR)/dttk
	install -m 644 man/dttk.1 $(MANDIR)/man1/dttk.1
	install -m 644 man/dttk.5 $(MANDIR)/man5/dttk.5
	install -m 644 scripts/completion.bash $(BASHDIR)/dttk
	set -e; for f in $(EXAMPLES); do \
	    sed 's|/usr/local/bin/|$(PREFIX)/bin/|' man/examples/$$f > $(DOCDIR)/examples/$$f; \
	    chmod 644 $(DOCDIR)/examples/$$f; \
	done

uninstall:
	rm -f $(BINDIR)/dttk $(MANDIR)/man1/dttk.1 $(MANDIR)/man5/dttk.5 $(BASHDIR)/dttk
	rm -f $(EXAMPLES:%=$(DOCDIR)/examples/%)
	-rmdir $(DOCDIR)/examples $(DOCDIR)

dist:
	git archive --prefix=dttk-$(VERSION)/ -o dttk-$(VERSION).tar.gz HEAD

clean:
	rm -rf build build-asan build-cov build-fuzz dttk-$(VERSION).tar.gz

-include $(wildcard $(addsuffix /*.d,$(B)/src/* $(B)/tests/* $(B)/lint/*/src/* $(B)/lint/*/tests/*))
