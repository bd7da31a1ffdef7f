#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "kmsd/sandbox.h"

/* A name that this architecture or this library does not know is no call to refuse. */
/* clang-format off */
static const char *const refused[] = {
    /* programs and processes */
    "execve", "execveat", "fork", "vfork", "ptrace", "process_vm_readv",
    "process_vm_writev", "process_madvise", "pidfd_getfd", "kcmp", "personality",
    /* names, mounts and roots */
    "unshare", "setns", "mount", "umount", "umount2", "pivot_root", "chroot",
    "move_mount", "open_tree", "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr",
    "name_to_handle_at", "open_by_handle_at", "quotactl", "quotactl_fd", "swapon",
    "swapoff", "acct",
    /* the kernel itself */
    "init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load",
    "reboot", "syslog", "bpf", "perf_event_open", "userfaultfd", "lookup_dcookie",
    "io_uring_setup", "io_uring_enter", "io_uring_register", "iopl", "ioperm",
    "modify_ldt", "vm86", "vm86old",
    /* other people's keys and clocks */
    "add_key", "request_key", "keyctl", "settimeofday", "clock_settime", "adjtimex",
    "clock_adjtime", "sethostname", "setdomainname",
    /* other identities */
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups",
    "setfsuid", "setfsgid", "capset",
};
/* clang-format on */

static int refuse_calls(scmp_filter_ctx ctx)
{
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        int call = seccomp_syscall_resolve_name(refused[i]);
        int err;

        if (call == __NR_SCMP_ERROR)
            continue;
        err = seccomp_rule_add(ctx, SCMP_ACT_ERRNO(EPERM), call, 0);
        if (err != 0 && err != -EDOM && err != -EINVAL)
            return err;
    }
    return 0;
}

/* Refuse a call whose first argument compares so with a (and b). */
static int refuse_if(scmp_filter_ctx ctx, int call, enum scmp_compare how, scmp_datum_t a,
                     scmp_datum_t b)
{
    const struct scmp_arg_cmp first = {.arg = 0, .op = how, .datum_a = a, .datum_b = b};

    return seccomp_rule_add_array(ctx, SCMP_ACT_ERRNO(EPERM), call, 1, &first);
}

/*
 * Threads are made, processes are not. The flags of clone3 lie in memory, out of a
 * filter's reach: "no such call" makes the C library fall back to clone.
 */
static int refuse_processes(scmp_filter_ctx ctx)
{
    int err = refuse_if(ctx, SCMP_SYS(clone), SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0);

    return err != 0 ? err
                    : seccomp_rule_add(ctx, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* Unix and IP sockets: listeners, the admin socket, tokens that live on a network. */
static int refuse_families(scmp_filter_ctx ctx)
{
    int err = refuse_if(ctx, SCMP_SYS(socket), SCMP_CMP_GT, AF_INET6, 0);

    /* AF_UNIX is 1, AF_INET 2, AF_INET6 10: what lies between is refused one by one. */
    for (int family = AF_INET + 1; err == 0 && family < AF_INET6; family++)
        err = refuse_if(ctx, SCMP_SYS(socket), SCMP_CMP_EQ, (scmp_datum_t)family, 0);
    return err;
}

enum kms_rc kms_sandbox_enter(void)
{
    scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ALLOW);
    int err;

    if (ctx == NULL)
        return kms_err(KMS_E_NOMEM, "out of memory for the sandbox");
    err = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_TSYNC, 1);
    if (err == 0)
        err = refuse_calls(ctx);
    if (err == 0)
        err = refuse_processes(ctx);
    if (err == 0)
        err = refuse_families(ctx);
    if (err == 0)
        err = seccomp_load(ctx);
    seccomp_release(ctx);
    return err == 0 ? KMS_OK : kms_err(KMS_E_IO, "no seccomp filter: %s", strerror(-err));
}
