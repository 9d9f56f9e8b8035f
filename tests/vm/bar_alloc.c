// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * For programs that allocate their buffers and cannot be told a file: the first
 * block of pages that the program itself asks posix_memalign() for is
 * $PEERBAR_TEST_ALLOC, opened and mapped.  To be preloaded before
 * libpeerbar_preload.so, which knows what vfio:... means.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define PAGE   4096u

typedef int (*memalign_fn)(void **out, size_t align, size_t size);
extern void __libc_free(void *mem);

static void *block;
static size_t block_size;

static const void *base_of(const void *code)
{
	Dl_info info;

	return dladdr(code, &info) ? info.dli_fbase : NULL;
}

/* the program, not one of its libraries */
static int is_program(const void *code)
{
	return base_of(code) == base_of((const void *)getauxval(AT_PHDR));
}

static int map_block(const char *name, size_t size)
{
	int fd = open(name, O_RDWR);
	void *mem;

	if (fd < 0)
		return errno;
	size = (size + PAGE - 1) & ~(size_t)(PAGE - 1);
	mem = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (mem == MAP_FAILED)
		return errno;
	block = mem;
	block_size = size;
	return 0;
}

EXPORT int posix_memalign(void **out, size_t align, size_t size)
{
	const char *name = getenv("PEERBAR_TEST_ALLOC");
	int err;

	if (!name || block || align < PAGE ||
	    !is_program(__builtin_return_address(0)))
		return ((memalign_fn)dlsym(RTLD_NEXT, "posix_memalign"))(
			out, align, size);
	err = map_block(name, size);
	if (!err)
		*out = block;
	return err;
}

EXPORT void free(void *mem)
{
	if (!mem || mem != block) {
		__libc_free(mem);
		return;
	}
	munmap(block, block_size);
	block = NULL;
}
