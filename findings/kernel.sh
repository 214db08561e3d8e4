# Sourced by the scripts that ask a Linux kernel, after lib.sh: a kernel of Debian's source package, a module and an init of the
# script's own, and a virtual machine in which they run. The first such kernel takes some minutes to build. With
# FINDINGS_KERNEL=FOLDER it is built there, and the next script takes it from there.

kernel_version=6.12.117-1~deb12u1

# A kernel that checks sleeping functions and has mmu notifiers.
kernel() {
  needs apt-get "Debian, for the kernel's source package"
  needs gcc "a C compiler"
  needs make "GNU make"
  needs flex "flex"
  needs bison "bison"
  needs bc "bc"
  needs cpio "cpio"
  needs qemu-system-x86_64 "qemu-system-x86"
  [[ -e /usr/include/libelf.h ]] || { echo "missing: libelf.h (libelf-dev)" >&2; exit 1; }
  kernel=${FINDINGS_KERNEL:-$dir/kernel}
  versions "linux-source-6.12 $kernel_version" "$(qemu-system-x86_64 --version | sed -n 1p)"
  [[ -e $kernel/build/arch/x86/boot/bzImage ]] && return
  mkdir -p "$kernel"
  (
    cd "$kernel"
    apt-get download -qq "linux-source-6.12=$kernel_version"
    dpkg-deb --fsys-tarfile linux-source-6.12_*.deb | tar x --wildcards --to-stdout '*.tar.xz' | tar xJ
    rm linux-source-6.12_*.deb
    printf 'CONFIG_%s=y\n' 64BIT SMP PRINTK TTY SERIAL_8250 SERIAL_8250_CONSOLE BLK_DEV_INITRD RD_GZIP BINFMT_ELF MODULES \
      MODULE_UNLOAD PROC_FS DEVTMPFS MULTIUSER FUTEX POSIX_TIMERS BUG DEBUG_KERNEL DEBUG_ATOMIC_SLEEP CRYPTO CRYPTO_SHA256 \
      HYPERVISOR_GUEST PARAVIRT X86_X2APIC X86_SGX >options
    cd linux-source-6.12
    {
      make -s O=../build KCONFIG_ALLCONFIG="$PWD/../options" allnoconfig
      make -s O=../build -j"$(nproc)" bzImage modules_prepare
    } >../log 2>&1 || { tail -20 ../log; exit 1; }
  )
}

# Boots the kernel with `init.c` of this folder, which finds `look.c` as /look.ko, and leaves the kernel's log in `guest.log`.
boot() { # boot [PROCESSORS, as qemu's -smp has them]
  mkdir -p module guest
  if [[ -e look.c ]]; then cp look.c module/; else printf '#include <linux/module.h>\nMODULE_LICENSE("GPL");\n' >module/look.c; fi
  echo 'obj-m := look.o' >module/Kbuild
  make -s -C "$kernel/build" M="$PWD/module" KBUILD_MODPOST_WARN=1 modules >module.log 2>&1 || { tail -20 module.log; exit 1; }
  gcc -O1 -static -pthread -o guest/init init.c
  cp module/look.ko guest/
  "$kernel/build/usr/gen_init_cpio" - <<LIST | gzip >guest.cpio.gz
dir /dev 755 0 0
nod /dev/console 600 0 0 c 5 1
file /init $PWD/guest/init 755 0 0
file /look.ko $PWD/guest/look.ko 644 0 0
LIST
  timeout 300 qemu-system-x86_64 -accel tcg -m 160 -smp "${1:-2}" -nographic -no-reboot -nodefaults -serial file:guest.log \
    -kernel "$kernel/build/arch/x86/boot/bzImage" -initrd guest.cpio.gz \
    -append "console=ttyS0 loglevel=8 printk.devkmsg=on reboot=t panic=-1" </dev/null
  sed -i 's/\r$//' guest.log
}
