// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Threads that map, fork, run programs and pass descriptors on. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void *work(void *arg)
{
	int i, fd, copy;
	char *a, *b;

	for (i = 0; i < 50; i++) {
		fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
		copy = fcntl(fd, F_DUPFD, 20);
		a = mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, fd, 0);
		b = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (fd < 0 || copy < 20 || a[1] != 'E' || close(fd) || close(copy))
			exit(11);
		b = mremap(b, 8192, 65536, MREMAP_MAYMOVE);
		b[65535] = 1;
		if (mmap(b, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			 -1, 0) != b || munmap(a, 8192) || munmap(b, 65536))
			exit(12);
		if (i % 25)
			continue;
		if (!fork())
			execl("/bin/sh", "sh", "-c", "exec 7</dev/null; exit 3", NULL);
		wait(&fd);
	}
	return NULL;
}

int main(void)
{
	pthread_t thread[4];
	int i;

	for (i = 0; i < 4; i++)
		pthread_create(&thread[i], NULL, work, NULL);
	for (i = 0; i < 4; i++)
		pthread_join(thread[i], NULL);
	printf("%d %d\n", open("/nowhere", O_RDWR), close(999));
	return 5;
}
