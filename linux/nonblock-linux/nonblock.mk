# What a module's Kbuild includes to have nonblock. It builds the library's crates as objects of the module.
#
#   NONBLOCK := the checkout of nonblock
#   NONBLOCK_MACROS := libnonblock_macros.so, built for this machine by the kernel's own rustc
#   include $(NONBLOCK)/linux/nonblock-linux/nonblock.mk
#
#   obj-m := mine.o
#   mine-y := $(nonblock-objects) mine_module.o
#   $(obj)/mine_module.o: $(nonblock-metadata)
#   RUSTFLAGS_mine_module.o := $(nonblock-rustflags)
#
# Both are absolute, since make changes the folder. The module's own source has another name than the module.
# A driver crate that is built for user space too is one more object: see `nonblock-crate` below.

# `make clean` needs neither.
ifeq ($(filter %/Makefile.clean,$(MAKEFILE_LIST)),)
ifeq ($(CONFIG_RUST),)
$(error nonblock: this kernel was built without Rust: its configuration has no CONFIG_RUST=y)
endif
ifeq ($(NONBLOCK),)
$(error nonblock: NONBLOCK is not set: the checkout of nonblock, by its absolute path)
endif
ifeq ($(wildcard $(NONBLOCK)/nonblock/src/lib.rs),)
$(error nonblock: NONBLOCK=$(NONBLOCK) is no checkout of nonblock: its absolute path is needed)
endif
ifeq ($(NONBLOCK_MACROS),)
$(error nonblock: NONBLOCK_MACROS is not set: the absolute path of libnonblock_macros.so, which linux/README.md says how to build)
endif
ifeq ($(wildcard $(NONBLOCK_MACROS)),)
$(error nonblock: NONBLOCK_MACROS=$(NONBLOCK_MACROS) does not exist: linux/README.md says how to build it; its absolute path is needed)
endif
endif

nonblock-objects := lib/nonblock_shim.o lib/nonblock.o lib/nonblock_mm.o lib/nonblock_linux.o

# With the counters where the kernel keeps one. Where it keeps none, nothing is left of a section.
nonblock-checks := $(if $(CONFIG_DEBUG_ATOMIC_SLEEP),--cfg 'feature="checks"')

# Where the crates find each other, and the attributes' expansions. Places in reports begin at the checkout.
# Where crates that use `nonblock` look for its macros: under the name that cargo gave them.
nonblock-common := --extern nonblock_macros=$(NONBLOCK_MACROS) -L dependency=$(dir $(NONBLOCK_MACROS))deps \
	-L $(obj)/lib --remap-path-prefix=$(NONBLOCK)/=
nonblock-rustflags := --extern nonblock --extern nonblock_mm --extern nonblock_linux $(nonblock-common)

# Builds a crate as `lib/NAME.o`, with what others need to compile against it.
#   $(eval $(call nonblock-crate,NAME,FILE,FLAGS,CRATES THAT IT NEEDS))
# FILE is its `lib.rs`: of a crate of your own by its absolute path, as `$(src)/mydriver/src/lib.rs`, of one of the checkout by its
# path there.
define nonblock-crate
RUSTFLAGS_REMOVE_lib/$(1).o := --edition=2021
RUSTFLAGS_lib/$(1).o := --edition=2024 --emit=metadata=$$(obj)/lib/lib$(1).rmeta \
	$$(nonblock-common) $(3) $$(foreach crate,$(4),--extern $$(crate))
targets += lib/$(1).o
clean-files += lib/lib$(1).rmeta
$$(obj)/lib/$(1).o: $$(if $$(filter /%,$(2)),$(2),$$(NONBLOCK)/$(2)) $$(foreach crate,$(4),$$(obj)/lib/$$(crate).o) FORCE
	$$(Q)mkdir -p $$(dir $$@)
	+$$(call if_changed_rule,rustc_o_rs)
endef

$(eval $(call nonblock-crate,nonblock,nonblock/src/lib.rs,--cfg 'feature="macros"' $(nonblock-checks)))
$(eval $(call nonblock-crate,nonblock_mm,nonblock-mm/src/lib.rs,,nonblock))
$(eval $(call nonblock-crate,nonblock_linux,linux/nonblock-linux/src/lib.rs,,nonblock nonblock_mm))

$(obj)/lib/nonblock.o: $(NONBLOCK_MACROS)

nonblock-metadata := $(addprefix $(obj)/lib/,nonblock.o nonblock_mm.o nonblock_linux.o)

targets += lib/nonblock_shim.o
$(obj)/lib/nonblock_shim.o: $(NONBLOCK)/linux/nonblock-linux/shim/nonblock_linux.c FORCE
	$(Q)mkdir -p $(dir $@)
	$(call if_changed_rule,cc_o_c)
