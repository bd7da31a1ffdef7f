/* What the process can no longer do, and what it still can. Each test is its own process.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "kmsd/sandbox.h"

static void *waits(void *arg)
{
    pthread_barrier_t *b = arg;

    pthread_barrier_wait(b);
    pthread_barrier_wait(b);
    /* The filter came after this thread. */
    return (void *)(intptr_t)(fork() == -1 && errno == EPERM);
}

START_TEST(threads_from_before_are_in_it_too)
{
    pthread_barrier_t b;
    pthread_t t;
    void *refused = NULL;

    pthread_barrier_init(&b, NULL, 2);
    ck_assert_int_eq(pthread_create(&t, NULL, waits, &b), 0);
    pthread_barrier_wait(&b);
    ck_assert_int_eq(kms_sandbox_enter(), KMS_OK);
    pthread_barrier_wait(&b);
    pthread_join(t, &refused);
    ck_assert_ptr_nonnull(refused);
    pthread_barrier_destroy(&b);
}
END_TEST

static void *ends(void *arg)
{
    return arg;
}

START_TEST(threads_files_and_sockets_go_on)
{
    pthread_t t;
    void *back = NULL;
    int fd;

    ck_assert_int_eq(kms_sandbox_enter(), KMS_OK);
    ck_assert_int_eq(pthread_create(&t, NULL, ends, &back), 0);
    pthread_join(t, &back);
    ck_assert_ptr_eq(back, &back);
    fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (int i = 0; i < 3; i++) {
        static const int families[] = {AF_UNIX, AF_INET, AF_INET6};

        fd = socket(families[i], SOCK_STREAM | SOCK_CLOEXEC, 0);
        ck_assert_msg(fd >= 0 || errno == EAFNOSUPPORT, "family %d: %d", families[i],
                      errno);
        if (fd >= 0)
            close(fd);
    }
}
END_TEST

START_TEST(programs_processes_and_other_families_are_refused)
{
    char *const argv[] = {NULL};
    struct iovec io = {0};

    ck_assert_int_eq(kms_sandbox_enter(), KMS_OK);
    ck_assert_int_eq(fork(), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(execve("/bin/true", argv, argv), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(ptrace(PTRACE_TRACEME, 0, NULL, NULL), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(process_vm_readv(getpid(), &io, 1, &io, 1, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(unshare(CLONE_NEWNS), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq(mount("none", "/", "tmpfs", 0, NULL), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq((int)syscall(SYS_bpf, 0, NULL, 0), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq((int)syscall(SYS_io_uring_setup, 1, NULL), -1);
    ck_assert_int_eq(errno, EPERM);
    ck_assert_int_eq((int)syscall(SYS_clone3, NULL, 0), -1);
    ck_assert_int_eq(errno, ENOSYS);
    ck_assert_int_eq(setuid(getuid()), -1);
    ck_assert_int_eq(errno, EPERM);
    for (int family = 3; family < 45; family++) {
        if (family == AF_INET6)
            continue;
        ck_assert_int_eq(socket(family, SOCK_RAW, 0), -1);
        ck_assert_msg(errno == EPERM, "family %d: %d", family, errno);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sandbox");
    TCase *tc = tcase_create("seccomp");
    SRunner *runner;
    int failed;

    tcase_add_test(tc, threads_from_before_are_in_it_too);
    tcase_add_test(tc, threads_files_and_sockets_go_on);
    tcase_add_test(tc, programs_processes_and_other_families_are_refused);
    suite_add_tcase(suite, tc);
    runner = srunner_create(suite);
    /* There is no way back out: never in this process. */
    srunner_set_fork_status(runner, CK_FORK);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
