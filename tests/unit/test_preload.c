// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * libpeerbar_preload, which is part of this program, above descriptors of the
 * real kernel and a libibverbs that can be asked what it was told.
 */
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <infiniband/verbs.h>

#include "test.h"
#include "fake_ibverbs.h"
#include "fake_kernel.h"
#include "ibverbs.h"
#include "native_kernel.h"

#define PAGE   4096u
#define SIZE   (16 * PAGE)
#define PATH   "vfio:" FAKE_BDF "/2@64K+32K,0+32K"
#define ACCESS (IBV_ACCESS_LOCAL_WRITE | IBV_ACCESS_REMOTE_WRITE)
#define RW     (PROT_READ | PROT_WRITE)

#undef ibv_reg_mr
#undef ibv_reg_mr_iova

static unsigned int fds_before;

static int setup(void **state)
{
	fake_reset();
	native_kernel();
	*fake_reg() = (struct fake_reg){0};
	fds_before = native_fds();
	return 0;
}

static int open_bar(void)
{
	int fd = open(PATH, O_RDWR);

	assert_true(fd >= 0);
	return fd;
}

static char *map_bar(int fd)
{
	char *mem = mmap(NULL, SIZE, RW, MAP_SHARED, fd, 0);

	assert_ptr_not_equal(mem, MAP_FAILED);
	return mem;
}

static ino_t inode(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

#define assert_errno(call, failed, err)          \
	do {                                     \
		errno = 0;                       \
		assert_true((call) == (failed)); \
		assert_int_equal(errno, err);    \
	} while (0)

#define assert_all_closed() assert_int_equal(native_fds(), fds_before)

static void test_open_map_close(void **state)
{
	int fd = open_bar();
	char *mem = map_bar(fd), *part;

	assert_int_equal(native_device_opens(), 1);
	part = mmap(NULL, 100, PROT_READ, MAP_SHARED, fd, PAGE);
	assert_ptr_not_equal(part, MAP_FAILED);
	mem[PAGE + 7] = 'x';
	assert_int_equal(part[7], 'x');
	assert_int_equal(munmap(part, 100), 0);
	assert_int_equal(munmap(mem, SIZE), 0);
	assert_int_equal(close(fd), 0);
	assert_all_closed();
}

static void test_every_name_of_open(void **state)
{
	int fds[4], i;

	fds[0] = open(PATH, O_RDWR);
	fds[1] = open64(PATH, O_RDWR | O_CLOEXEC);
	fds[2] = openat(AT_FDCWD, PATH, O_RDWR);
	fds[3] = openat64(-1, PATH, O_RDWR);
	for (i = 0; i < 4; i++) {
		assert_true(fds[i] >= 0);
		assert_int_equal(fcntl(fds[i], F_GETFD), i == 1 ? FD_CLOEXEC : 0);
	}
	/* four buffers of one device */
	assert_int_equal(native_device_opens(), 1);
	assert_int_not_equal(inode(fds[0]), inode(fds[1]));
	for (i = 0; i < 4; i++)
		assert_int_equal(close(fds[i]), 0);
	assert_all_closed();
}

enum part { FD, MAPPING, MR, PARTS };

static void close_part(enum part part, int fd, char *mem, struct ibv_mr *mr)
{
	switch (part) {
	case FD:
		assert_int_equal(close(fd), 0);
		break;
	case MAPPING:
		assert_int_equal(munmap(mem, SIZE), 0);
		break;
	default:
		assert_int_equal(ibv_dereg_mr(mr), 0);
	}
}

static void test_every_order_of_closing(void **state)
{
	static const enum part orders[][PARTS] = {
		{FD, MAPPING, MR}, {FD, MR, MAPPING}, {MAPPING, FD, MR},
		{MAPPING, MR, FD}, {MR, FD, MAPPING}, {MR, MAPPING, FD},
	};
	struct ibv_mr *mr;
	unsigned int i, j;
	char *mem;
	int fd;

	for (i = 0; i < NR(orders); i++) {
		fd = open_bar();
		mem = map_bar(fd);
		mr = ibv_reg_mr(NULL, mem, SIZE, ACCESS);
		assert_non_null(mr);
		for (j = 0; j < PARTS; j++) {
			assert_true(native_fds() > fds_before);
			close_part(orders[i][j], fd, mem, mr);
		}
		assert_all_closed();
		assert_int_equal(native_device_opens(), i + 1);
	}
}

static void test_descriptors_move_about(void **state)
{
	int fd = open_bar(), copy = dup(fd), other = fcntl(fd, F_DUPFD, 100);
	int plain = open("/dev/null", O_RDWR);
	char *mem;

	assert_int_equal(close(fd), 0);
	mem = map_bar(copy);
	assert_int_equal(munmap(mem, SIZE), 0);
	assert_int_equal(dup2(other, plain), plain);
	assert_int_equal(close(copy), 0);
	assert_int_equal(close(other), 0);
	mem = map_bar(plain);
	assert_int_equal(close(plain), 0);
	assert_int_equal(munmap(mem, SIZE), 0);
	assert_all_closed();
}

/* As fclose() and close_range() do it. */
static void test_closed_behind_our_back(void **state)
{
	int fd = open_bar(), plain;
	void *mem;

	syscall(SYS_close, fd);
	plain = open("/dev/zero", O_RDWR);
	assert_int_equal(plain, fd);
	mem = mmap(NULL, PAGE, RW, MAP_PRIVATE, plain, 0);
	assert_ptr_not_equal(mem, MAP_FAILED);
	assert_int_equal(munmap(mem, PAGE), 0);
	assert_int_equal(close(plain), 0);
	/* seen when the next one is closed */
	fd = open_bar();
	assert_int_equal(close(fd), 0);
	assert_all_closed();
}

static void test_what_open_refuses(void **state)
{
	int i;

	assert_errno(open("vfio:" FAKE_BDF "/9", O_RDWR), -1, EINVAL);
	assert_errno(open("vfio:", O_RDWR), -1, EINVAL);
	assert_errno(open("vfio:0000:00:1f.0/2", O_RDWR), -1, ENODEV);
	assert_errno(open("vfio:" FAKE_BDF "/2@0+1G", O_RDWR), -1, EINVAL);
	assert_errno(open(PATH, O_WRONLY), -1, EACCES);
	assert_errno(open(PATH, O_RDONLY | O_DIRECTORY), -1, ENOTDIR);
	for (i = 0; i < 256; i++)
		open_bar();
	assert_errno(open(PATH, O_RDWR), -1, EMFILE);
	close_range(STDERR_FILENO + 1, ~0u, 0);
}

static void test_what_mmap_refuses(void **state)
{
	int fd = open_bar();
	char *mem = map_bar(fd);

	assert_errno(mmap(NULL, SIZE, RW, MAP_PRIVATE, fd, 0), MAP_FAILED,
		     EINVAL);
	assert_errno(mmap(NULL, 0, RW, MAP_SHARED, fd, 0), MAP_FAILED, EINVAL);
	assert_errno(mmap(NULL, SIZE + 1, RW, MAP_SHARED, fd, 0), MAP_FAILED,
		     EINVAL);
	assert_errno(mmap(NULL, PAGE, RW, MAP_SHARED, fd, 12), MAP_FAILED,
		     EINVAL);
	assert_errno(mmap(NULL, PAGE, PROT_EXEC, MAP_SHARED, fd, 0), MAP_FAILED,
		     EACCES);
	/* a mapping of ours is not cut, moved or written over */
	assert_errno(munmap(mem, PAGE), -1, EINVAL);
	assert_errno(munmap(mem + PAGE, SIZE), -1, EINVAL);
	assert_errno(mremap(mem, SIZE, PAGE, 0), MAP_FAILED, EINVAL);
	assert_errno(mmap(mem + PAGE, PAGE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
		     MAP_FAILED, EINVAL);
	mem[0] = mem[SIZE - 1] = 'x';
	assert_int_equal(munmap(mem, SIZE), 0);
	assert_int_equal(close(fd), 0);
	assert_all_closed();
}

static void test_read_only(void **state)
{
	int fd = open(PATH, O_RDONLY);
	char *mem;

	assert_true(fd >= 0);
	assert_errno(mmap(NULL, SIZE, RW, MAP_SHARED, fd, 0), MAP_FAILED, EACCES);
	mem = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_not_equal(mem, MAP_FAILED);
	assert_int_equal(munmap(mem, SIZE), 0);
	assert_int_equal(close(fd), 0);
}

/* The page before a mapping, unless something is there. */
static char *neighbour(char *mem)
{
	char *page = mmap(mem - PAGE, PAGE, RW,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	return page == MAP_FAILED ? NULL : page;
}

/* One munmap() over a neighbour and a mapping of ours. */
static void test_munmap_of_more(void **state)
{
	int fd = open_bar();
	unsigned int crowded = 0;
	char *others[16], *mem, *before, vec;

	/* where it goes is the kernel's choice, which may leave no room before it */
	while (!(before = neighbour(mem = map_bar(fd)))) {
		assert_true(crowded < NR(others));
		others[crowded++] = mem;
	}
	assert_int_equal(munmap(before, SIZE + PAGE), 0);
	assert_int_equal(mincore(mem, PAGE, (void *)&vec), -1);
	assert_int_equal(mincore(before, PAGE, (void *)&vec), -1);
	while (crowded)
		assert_int_equal(munmap(others[--crowded], SIZE), 0);
	assert_int_equal(close(fd), 0);
	assert_all_closed();
}

static void test_registration(void **state)
{
	const unsigned int optional = IBV_ACCESS_OPTIONAL_FIRST << 1;
	struct fake_reg *reg = fake_reg();
	int fd = open_bar();
	char *mem = map_bar(fd);
	struct ibv_mr *mr;

	mr = ibv_reg_mr(NULL, mem + 5, SIZE - 5, ACCESS);
	assert_string_equal(reg->call, "ibv_reg_dmabuf_mr");
	assert_int_equal(reg->ino, inode(fd));
	assert_int_equal(reg->offset, 5);
	assert_int_equal(reg->length, SIZE - 5);
	assert_int_equal(reg->iova, (uintptr_t)mem + 5);
	assert_int_equal(reg->access, ACCESS);
	assert_ptr_equal(mr->addr, mem + 5);
	ibv_dereg_mr(mr);
	mr = ibv_reg_mr_iova(NULL, mem, PAGE, 0x7000, ACCESS);
	assert_int_equal(reg->iova, 0x7000);
	assert_ptr_equal(mr->addr, mem);
	ibv_dereg_mr(mr);
	mr = ibv_reg_mr_iova2(NULL, mem, PAGE, (uintptr_t)mem,
			      ACCESS | IBV_ACCESS_RELAXED_ORDERING | optional |
				      IBV_ACCESS_HUGETLB);
	assert_int_equal(reg->access, ACCESS | IBV_ACCESS_RELAXED_ORDERING);
	ibv_dereg_mr(mr);
	reg->fail = EINVAL;
	assert_errno(ibv_reg_mr(NULL, mem, PAGE, ACCESS | IBV_ACCESS_MW_BIND),
		     NULL, EINVAL);
	reg->fail = 0;
	munmap(mem, SIZE);
	close(fd);
	assert_int_equal(reg->mrs, 0);
	assert_all_closed();
}

static void test_extended_registration(void **state)
{
	struct fake_reg *reg = fake_reg();
	int fd = open_bar();
	char *mem = map_bar(fd);
	struct mr_attr attr = {
		.length = PAGE,
		.access = ACCESS,
		.comp_mask = MR_ATTR_ADDR,
		.addr = mem + PAGE,
	};
	struct ibv_mr *mr = ibv_reg_mr_ex(NULL, (void *)&attr);

	assert_string_equal(reg->call, "ibv_reg_mr_ex");
	assert_int_equal(reg->ino, inode(fd));
	assert_int_equal(reg->offset, PAGE);
	assert_int_equal(reg->iova, (uintptr_t)mem + PAGE);
	assert_ptr_equal(mr->addr, mem + PAGE);
	ibv_dereg_mr(mr);
	/* what is a dma-buf already is not ours */
	reg->ino = 0;
	attr.comp_mask = MR_ATTR_FD | MR_ATTR_FD_OFFSET | MR_ATTR_IOVA;
	attr.fd = STDERR_FILENO;
	mr = ibv_reg_mr_ex(NULL, (void *)&attr);
	assert_int_equal(reg->ino, inode(STDERR_FILENO));
	ibv_dereg_mr(mr);
	munmap(mem, SIZE);
	close(fd);
}

static void test_what_is_registered_otherwise(void **state)
{
	struct fake_reg *reg = fake_reg();
	int fd = open_bar();
	char *mem = map_bar(fd), heap[64];
	struct ibv_mr *mr;

	mr = ibv_reg_mr(NULL, heap, sizeof(heap), ACCESS | IBV_ACCESS_MW_BIND);
	assert_string_equal(reg->call, "ibv_reg_mr");
	assert_int_equal(reg->access, ACCESS | IBV_ACCESS_MW_BIND);
	ibv_dereg_mr(mr);
	reg->call = NULL;
	assert_errno(ibv_reg_mr(NULL, mem, SIZE + 1, ACCESS), NULL, ERANGE);
	assert_errno(ibv_reg_mr(NULL, mem - 1, 2, ACCESS), NULL, ERANGE);
	assert_errno(ibv_reg_mr(NULL, NULL, SIZE_MAX, ACCESS), NULL, ERANGE);
	assert_null(reg->call);
	mr = ibv_reg_mr(NULL, NULL, SIZE_MAX, ACCESS | IBV_ACCESS_ON_DEMAND);
	assert_string_equal(reg->call, "ibv_reg_mr");
	ibv_dereg_mr(mr);
	munmap(mem, SIZE);
	/* the address is anybody's now */
	mr = ibv_reg_mr(NULL, mem, PAGE, ACCESS);
	assert_string_equal(reg->call, "ibv_reg_mr");
	ibv_dereg_mr(mr);
	close(fd);
}

static void test_fork(void **state)
{
	int fd = open_bar(), status;
	char *mem = map_bar(fd);
	struct ibv_mr *mr;
	pid_t pid = fork();

	if (!pid) {
		/* the child's own table, with descriptors of its own */
		mem[3] = 'c';
		if (munmap(mem, SIZE) || close(fd) || native_fds() != fds_before)
			_exit(1);
		_exit(open(PATH, O_RDWR) < 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(mem[3], 'c');
	pid = vfork();
	if (!pid) {
		close(fd);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(munmap(mem, SIZE), 0);
	/* still there, as a descriptor and as a file of ours */
	mem = map_bar(fd);
	mr = ibv_reg_mr(NULL, mem, PAGE, ACCESS);
	assert_non_null(mr);
	assert_string_equal(fake_reg()->call, "ibv_reg_dmabuf_mr");
	ibv_dereg_mr(mr);
	munmap(mem, SIZE);
	close(fd);
	assert_all_closed();
}

static void test_errno_is_left_alone(void **state)
{
	int fd = open_bar();
	char *mem = map_bar(fd);
	const char *volatile nowhere = (char *)8;
	struct ibv_mr *mr;
	void *other;

	errno = 77;
	other = mmap(NULL, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	munmap(other, PAGE);
	close(dup(STDIN_FILENO));
	mr = ibv_reg_mr(NULL, mem, PAGE, ACCESS);
	ibv_dereg_mr(mr);
	munmap(mem, SIZE);
	close(fd);
	assert_int_equal(errno, 77);
	assert_errno(close(9999), -1, EBADF);
	assert_errno(open(nowhere, O_RDONLY), -1, EFAULT);
	assert_errno(munmap((void *)1, PAGE), -1, EINVAL);
}

static void *worker(void *arg)
{
	unsigned int i;

	for (i = 0; i < 200; i++) {
		int fd = open(PATH, O_RDWR), plain = open("/dev/null", O_RDONLY);
		char *mem = mmap(NULL, SIZE, RW, MAP_SHARED, fd, 0);
		struct ibv_mr *mr;

		if (mem == MAP_FAILED || plain < 0)
			return "open or mmap";
		close(fd);
		mem[i] = 'x';
		mr = ibv_reg_mr(NULL, mem, SIZE, ACCESS);
		if (!mr || strcmp(fake_reg()->call, "ibv_reg_dmabuf_mr"))
			return "registration";
		munmap(mem, SIZE);
		close(plain);
		ibv_dereg_mr(mr);
	}
	return NULL;
}

static void test_threads(void **state)
{
	pthread_t threads[4];
	void *failed;
	unsigned int i;

	for (i = 0; i < NR(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, worker, NULL),
				 0);
	for (i = 0; i < NR(threads); i++) {
		pthread_join(threads[i], &failed);
		if (failed)
			fail_msg("%s", (char *)failed);
	}
	assert_all_closed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_open_map_close, setup),
		cmocka_unit_test_setup(test_every_name_of_open, setup),
		cmocka_unit_test_setup(test_every_order_of_closing, setup),
		cmocka_unit_test_setup(test_descriptors_move_about, setup),
		cmocka_unit_test_setup(test_closed_behind_our_back, setup),
		cmocka_unit_test_setup(test_what_mmap_refuses, setup),
		cmocka_unit_test_setup(test_read_only, setup),
		cmocka_unit_test_setup(test_munmap_of_more, setup),
		cmocka_unit_test_setup(test_registration, setup),
		cmocka_unit_test_setup(test_extended_registration, setup),
		cmocka_unit_test_setup(test_what_is_registered_otherwise, setup),
		cmocka_unit_test_setup(test_fork, setup),
		cmocka_unit_test_setup(test_errno_is_left_alone, setup),
		cmocka_unit_test_setup(test_threads, setup),
		cmocka_unit_test_setup(test_what_open_refuses, setup),
	};

	return RUN(tests);
}
