// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* The table of real system calls, which the other tests replace. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "sys.h"

static char dir[32];
static char path[sizeof(dir) + 16];

static int setup(void **state)
{
	sys_ops = &sys_native;
	strcpy(dir, "/tmp/peerbar-sys-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/file", dir);
	return 0;
}

static int teardown(void **state)
{
	unlink(path);
	return rmdir(dir);
}

static void file(void **state)
{
	char buf[16] = "", small[4];
	uint64_t size = 0;
	int fd, other;

	assert_int_equal(sys_open(path, O_RDWR), -ENOENT);
	assert_int_equal(sys_read_file(path, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(close(creat(path, 0600)), 0);
	fd = sys_open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(sys_pwrite(fd, "0123456", 7, 2), 0);
	assert_int_equal(sys_pread(fd, buf, 7, 2), 0);
	assert_memory_equal(buf, "0123456", 7);
	/* the end of the file is not what was asked for */
	assert_int_equal(sys_pread(fd, buf, 8, 2), -EIO);
	assert_int_equal(sys_size(fd, &size), 0);
	assert_int_equal(size, 9);
	assert_int_equal(sys_open_flags(fd) & O_ACCMODE, O_RDWR);
	assert_int_equal(sys_pwrite(fd, "ab", 2, 0), 0);
	assert_int_equal(sys_read_file(path, small, sizeof(small)), 0);
	assert_string_equal(small, "ab0");
	other = sys_dup(fd);
	assert_true(fcntl(other, F_GETFD) & FD_CLOEXEC);
	sys_close(fd);
	sys_close(other);
	sys_close(-1);
	assert_int_equal(sys_dup(other), -EBADF);
	assert_int_equal(sys_open_flags(other), -EBADF);
	assert_int_equal(sys_size(other, &size), -EBADF);
	assert_int_equal(sys_ioctl(other, 0, NULL), -EBADF);
}

static void links_and_folders(void **state)
{
	char buf[64];

	assert_int_equal(sys_list(path, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(sys_readlink(path, buf, sizeof(buf)), -ENOENT);
	assert_int_equal(symlink("target", path), 0);
	assert_int_equal(sys_readlink(path, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "target");
	assert_int_equal(sys_list(dir, buf, sizeof(buf)), 0);
	assert_string_equal(buf, "file ");
	/* what does not fit is left out, not cut */
	assert_int_equal(sys_list(dir, buf, 5), 0);
	assert_string_equal(buf, "");
}

static void memory(void **state)
{
	void *addr = NULL;

	assert_int_equal(sys_mmap(NULL, 4096, PROT_READ, MAP_SHARED, -1, 0, &addr),
			 -EBADF);
	assert_null(addr);
	assert_int_equal(sys_mmap(NULL, 4096, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0, &addr),
			 0);
	assert_int_equal(*(volatile char *)addr, 0);
	sys_munmap(addr, 4096);
	sys_munmap(NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(file),
		TEST(links_and_folders),
		TEST(memory),
	};

	return RUN(tests);
}
