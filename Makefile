# What there is to do here, in one place. `make` lists it.
#
# Needs GNU make and Rust; other tools are looked for by scripts/need.

VERSION := $(shell sed -n 's/^version = "\(.*\)"$$/\1/p' Cargo.toml | head -n 1)
SONAME := $(shell packaging/soname $(VERSION))
CC ?= cc
CXX ?= c++
CFLAGS ?= -O2 -g
CXXFLAGS ?= -O2 -g
WARNINGS := -std=c11 -Wall -Wextra -Wpedantic
CXXWARNINGS := -std=c++17 -Wall -Wextra -Wpedantic

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DOCDIR ?= $(PREFIX)/share/doc/resilient-redis

TARGET := $(abspath $(if $(CARGO_TARGET_DIR),$(CARGO_TARGET_DIR),target))
# Where the library was built. Given on the command line, it is taken as it is.
RELEASE = $(TARGET)/release
DEMO := $(TARGET)/demo
# An installed tree for the bindings that are built from one.
STAGE := $(TARGET)/stage
GO_ENVIRONMENT = PKG_CONFIG_PATH=$(STAGE)/lib/pkgconfig CGO_LDFLAGS=-Wl,-rpath,$(STAGE)/lib

# The tests that are run a second time with everything over TLS.
OVER_TLS := outage cuts buffer framing health timeouts giving_up lifecycle session events pubsub transactions blocking \
	submit submit_pipelines waiting chaos bank large_values handshake scripts monitor failover credentials

HEADERS := $(wildcard include/*.h)
# The C++ binding, by its folders below INCLUDEDIR.
CPP := bindings/cpp/include
CPP_FOLDERS := resilient_redis resilient_redis/commands
CPP_HEADERS = $(wildcard $(CPP)/$(1)/*.hpp)
DOCUMENTS := $(wildcard README.md ARCHITECTURE.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs/*.md)

.PHONY: help build demo demo-cpp demo-go demo-python test test-go test-python wheel bench bench-go bench-python install uninstall \
	clean format lint docs

help: ## what there is to do
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

build: ## the shared and the static library, in target/release
	@scripts/need cargo cc
	cargo build --release --lib
	@ln -sf libresilient_redis.so $(RELEASE)/$(SONAME)

demo: build ## kills a server twice while eight threads write, and compares what is there with what was told
	@scripts/need redis-server cc pkg-config
	@mkdir -p $(DEMO)
	$(CC) $(CFLAGS) $(WARNINGS) -Iinclude examples/c/outage.c -o $(DEMO)/outage $(LINK) -pthread
	@$(demonstrate)

demo-cpp: build ## the same, with a program in C++ that writes
	@scripts/need redis-server cc g++ pkg-config
	@mkdir -p $(DEMO)
	$(CXX) $(CXXFLAGS) $(CXXWARNINGS) -Iinclude -I$(CPP) bindings/cpp/examples/outage.cpp -o $(DEMO)/outage $(LINK) -pthread
	@$(demonstrate)

demo-go: build $(STAGE) ## the same, with a program in Go that writes
	@scripts/need redis-server cc go pkg-config
	@mkdir -p $(DEMO)
	cd bindings/go && $(GO_ENVIRONMENT) go build -o $(DEMO)/outage ./examples/outage
	@$(demonstrate)

demo-python: build ## the same, with a program in Python that writes
	@scripts/need redis-server cc python pkg-config
	@mkdir -p $(DEMO)
	python3 -m venv --clear $(DEMO)/python
	$(DEMO)/python/bin/python -m pip --quiet --disable-pip-version-check install "$$(bindings/python/wheel)"
	@rm -f $(DEMO)/outage
	@printf '#!/bin/sh\nexec %s %s "$$@"\n' $(DEMO)/python/bin/python $(abspath bindings/python/examples/outage.py) >$(DEMO)/outage
	@chmod 755 $(DEMO)/outage
	@$(demonstrate)

LINK := -L$(RELEASE) -lresilient_redis -Wl,-rpath,$(RELEASE)

# What is beside the program that writes, and the run.
define demonstrate
scripts/need --optional hiredis; \
	set -ex; \
	$(CC) $(CFLAGS) $(WARNINGS) -Iinclude examples/demo/listener.c -o $(DEMO)/listener $(LINK); \
	rm -f $(DEMO)/outage_hiredis; \
	! pkg-config --exists hiredis || $(CC) $(CFLAGS) $(WARNINGS) $$(pkg-config --cflags hiredis) \
		examples/demo/outage_hiredis.c -o $(DEMO)/outage_hiredis $$(pkg-config --libs hiredis) -pthread; \
	cargo build --release --example demo; \
	set +x; echo; \
	hiredis=$(DEMO)/outage_hiredis; [ -x $$hiredis ] || hiredis=-; \
	exec $(RELEASE)/examples/demo $(DEMO)/outage $$hiredis $(DEMO)/listener $(DEMO)
endef

test: ## everything: the library, its C interface, the installed tree, the examples, the documents, the bindings
	@scripts/need cargo go python redis-server gcc g++ clang pkg-config cmake valgrind libevent
	cargo test --lib --examples
	@$(MAKE) --no-print-directory test-go
	@$(MAKE) --no-print-directory test-python
	cargo test --no-fail-fast --test '*'
	RR_TEST_LINK=tls cargo test --no-fail-fast $(addprefix --test ,$(OVER_TLS))
	cargo test --doc

test-go: build $(STAGE) ## the Go binding
	@scripts/need go redis-server gcc pkg-config
	bindings/go/check $(STAGE)

test-python: build ## the Python package, with every Python at hand; RR_QUICK=1: with the newest and the oldest
	@scripts/need python redis-server gcc openssl
	bindings/python/check $$(bindings/python/interpreters)

wheel: ## the Python package with the library in it, in target/wheels: one for every CPython from 3.9 on
	@scripts/need cargo python gcc
	bindings/python/wheel

# Made anew each time: what is in it may have changed.
.PHONY: $(STAGE)
$(STAGE): build
	@$(MAKE) --no-print-directory install PREFIX=$(STAGE) RELEASE=$(RELEASE) >/dev/null

bench: ## measures against hiredis and the redis crate, redis-plus-plus, where there is Go go-redis and rueidis, and redis-py
	@scripts/need cargo redis-server cc
	@scripts/need --optional pkg-config hiredis g++
	bench/run
	@! command -v go >/dev/null || $(MAKE) --no-print-directory bench-go
	@! command -v python3 >/dev/null || $(MAKE) --no-print-directory bench-python

bench-go: build $(STAGE) ## measures the Go binding against go-redis and rueidis
	@scripts/need go redis-server gcc pkg-config
	cd bindings/go/bench && $(GO_ENVIRONMENT) go run ./compare

bench-python: build ## measures the Python package against redis-py with hiredis, and valkey-glide
	@scripts/need python redis-server gcc
	bindings/python/bench/run

# As root there may be no cargo: then what was built before is installed.
ifneq ($(origin RELEASE),command line)
install: $(if $(shell command -v cargo),build)
endif
install: ## PREFIX=/usr/local, LIBDIR, INCLUDEDIR, DOCDIR, DESTDIR: library, headers of C and C++, pkg-config, CMake, documents
	@[ -e $(RELEASE)/libresilient_redis.so ] || { echo 'nothing is built: make build' >&2; exit 1; }
	install -d $(DESTDIR)$(INCLUDEDIR) $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(LIBDIR)/cmake/resilient_redis
	install -d $(DESTDIR)$(DOCDIR)
	install -m 644 $(HEADERS) $(DESTDIR)$(INCLUDEDIR)
	install -d $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(CPP_FOLDERS))
	$(foreach folder,$(CPP_FOLDERS),install -m 644 $(call CPP_HEADERS,$(folder)) $(DESTDIR)$(INCLUDEDIR)/$(folder) &&) true
	install -m 755 $(RELEASE)/libresilient_redis.so $(DESTDIR)$(LIBDIR)/libresilient_redis.so.$(VERSION)
	ln -sf libresilient_redis.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libresilient_redis.so
	install -m 644 $(RELEASE)/libresilient_redis.a $(DESTDIR)$(LIBDIR)
	@$(call fill,resilient_redis.pc,pkgconfig)
	@$(call fill,resilient_redis_cpp.pc,pkgconfig)
	@$(call fill,resilient_redisConfig.cmake,cmake/resilient_redis)
	@$(call fill,resilient_redisConfigVersion.cmake,cmake/resilient_redis)
	install -m 644 $(DOCUMENTS) $(DESTDIR)$(DOCDIR)

# $(call fill,file,folder): a file of packaging/ with its blanks filled in, in a folder of LIBDIR.
fill = packaging/fill packaging/$(1).in $(VERSION) $(PREFIX) $(LIBDIR) $(INCLUDEDIR) \
	> $(DESTDIR)$(LIBDIR)/$(2)/$(1) && chmod 644 $(DESTDIR)$(LIBDIR)/$(2)/$(1)

uninstall: ## takes away what `make install` with the same variables brought
	rm -f $(addprefix $(DESTDIR)$(INCLUDEDIR)/,$(notdir $(HEADERS)))
	rm -f $(addprefix $(DESTDIR)$(LIBDIR)/,libresilient_redis.so.$(VERSION) $(SONAME) libresilient_redis.so)
	rm -f $(foreach folder,$(CPP_FOLDERS),$(patsubst $(CPP)/%,$(DESTDIR)$(INCLUDEDIR)/%,$(call CPP_HEADERS,$(folder))))
	rm -f $(DESTDIR)$(LIBDIR)/libresilient_redis.a $(DESTDIR)$(LIBDIR)/pkgconfig/resilient_redis.pc
	rm -f $(DESTDIR)$(LIBDIR)/pkgconfig/resilient_redis_cpp.pc
	rm -f $(DESTDIR)$(LIBDIR)/cmake/resilient_redis/resilient_redisConfig.cmake
	rm -f $(DESTDIR)$(LIBDIR)/cmake/resilient_redis/resilient_redisConfigVersion.cmake
	rm -f $(addprefix $(DESTDIR)$(DOCDIR)/,$(notdir $(DOCUMENTS)))
	-rmdir --ignore-fail-on-non-empty $(DESTDIR)$(LIBDIR)/cmake/resilient_redis $(DESTDIR)$(DOCDIR) \
		$(addprefix $(DESTDIR)$(INCLUDEDIR)/,resilient_redis/commands resilient_redis)

clean: ## takes away what was built
	cargo clean

format: ## formats the Rust code
	cargo fmt

lint: ## format, lints and documentation, without a warning
	@scripts/need cargo rustfmt cargo-clippy
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	@$(MAKE) --no-print-directory docs

docs: ## the Rust documentation, in target/doc
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps --document-private-items
