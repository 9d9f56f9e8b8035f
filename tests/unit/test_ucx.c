// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* libuct_vfio in the UCX that is installed, above a fake BAR. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ucp/api/ucp.h>

#include "test.h"
#include "abi.h"
#include "component.h"
#include "convert.h"
#include "copy.h"
#include "fake_kernel.h"
#include "layout.h"
#include "native_kernel.h"
#include "pool.h"

#define PAGE 4096u
#define TEXT FAKE_BDF "/2@64K+32K,0+32K"
#define SIZE (16 * PAGE)

/* The linker brings UCX's answers here, also those that UCX asks itself for. */
#pragma GCC visibility push(default)
void __wrap_ucp_get_version(unsigned int *major, unsigned int *minor,
			    unsigned int *release);
void __real_ucp_get_version(unsigned int *major, unsigned int *minor,
			    unsigned int *release);
ucs_status_t __wrap_uct_md_query_v2(uct_md_h md, uct_md_attr_v2_t *attr);
ucs_status_t __real_uct_md_query_v2(uct_md_h md, uct_md_attr_v2_t *attr);
#pragma GCC visibility pop

static unsigned int newer;
static enum { AS_IS, SHORTER, LONGER } attr_is;

void __wrap_ucp_get_version(unsigned int *major, unsigned int *minor,
			    unsigned int *release)
{
	__real_ucp_get_version(major, minor, release);
	*minor += newer;
}

ucs_status_t __wrap_uct_md_query_v2(uct_md_h md, uct_md_attr_v2_t *attr)
{
	ucs_status_t status = __real_uct_md_query_v2(md, attr);

	if (attr_is == SHORTER)
		memmove(attr->component_name - 8, attr->component_name, 16);
	if (attr_is == LONGER)
		memset(attr + 1, 0, 8);
	return status;
}

static unsigned int fds_before;

static int setup(void **state)
{
	fake_reset();
	native_kernel();
	fds_before = native_fds();
	return 0;
}

static void conversion(void **state)
{
	static const struct {
		int err;
		ucs_status_t status;
	} table[] = {
		{EINVAL, UCS_ERR_INVALID_PARAM},
		{ENOMEM, UCS_ERR_NO_MEMORY},
		{ENOSPC, UCS_ERR_NO_MEMORY},
		{ENODEV, UCS_ERR_NO_DEVICE},
		{ENOENT, UCS_ERR_NO_DEVICE},
		{EBADFD, UCS_ERR_NO_DEVICE},
		{EBUSY, UCS_ERR_BUSY},
		{EOPNOTSUPP, UCS_ERR_UNSUPPORTED},
		{ERANGE, UCS_ERR_INVALID_ADDR},
		{EIO, UCS_ERR_IO_ERROR},
		{4000, UCS_ERR_IO_ERROR},
	};
	unsigned int i;

	assert_int_equal(ucx_status(0), UCS_OK);
	for (i = 0; i < NR(table); i++)
		assert_int_equal(ucx_status(-table[i].err), table[i].status);
}

static void other_versions_are_refused(void **state)
{
	assert_int_equal(ucx_layout_check(), 0);
	newer = 1;
	assert_error(ucx_layout_check(), EPROTONOSUPPORT, "and built for 1");
	assert_error(ucx_component_register(), EPROTONOSUPPORT,
		     "goes on without");
	newer = 0;
}

static void other_layouts_are_refused(void **state)
{
	uct_base_iface_t_class.size += 8;
	assert_error(ucx_layout_check(), EPROTONOSUPPORT, "an interface's size");
	uct_base_iface_t_class.size -= 8;
	attr_is = SHORTER;
	assert_error(ucx_layout_check(), EPROTONOSUPPORT, "the attributes of");
	attr_is = LONGER;
	assert_error(ucx_layout_check(), EPROTONOSUPPORT, "the attributes' size");
	attr_is = AS_IS;
	assert_int_equal(ucx_layout_check(), 0);
}

static void pool_opens_late_and_once(void **state)
{
	struct ucx_pool *pool, *same;
	struct ucx_piece *a, *b;

	assert_error(ucx_pool_get("05.0", &pool), EINVAL, "PCI address");
	assert_int_equal(ucx_pool_get(TEXT, &pool), 0);
	assert_int_equal(ucx_pool_get(TEXT, &same), 0);
	assert_ptr_equal(pool, same);
	assert_int_equal(native_device_opens(), 0);
	assert_int_equal(ucx_piece_cut(pool, 1, &a), 0);
	assert_int_equal(ucx_piece_cut(same, PAGE + 1, &b), 0);
	assert_int_equal(native_device_opens(), 1);
	assert_int_equal(ucx_piece_len(a), PAGE);
	assert_int_equal(ucx_piece_len(b), 2 * PAGE);
	ucx_piece_return(a);
	ucx_piece_return(b);
	ucx_pool_put(same);
	ucx_pool_put(pool);
	assert_int_equal(native_fds(), fds_before);
}

static void pieces_fill_the_gaps(void **state)
{
	struct ucx_piece *pieces[16], *whole;
	struct ucx_pool *pool;
	unsigned int i;

	assert_int_equal(ucx_pool_get(TEXT, &pool), 0);
	for (i = 0; i < 16; i++) {
		assert_int_equal(ucx_piece_cut(pool, PAGE, &pieces[i]), 0);
		memset(ucx_piece_addr(pieces[i]), 'a' + i, PAGE);
	}
	assert_error(ucx_piece_cut(pool, 1, &whole), ENOSPC, "no gap of 4096");
	for (i = 0; i < 16; i++)
		assert_int_equal(*(char *)ucx_piece_addr(pieces[i]), 'a' + i);

	/* two neighbours make one gap, two strangers do not */
	ucx_piece_return(pieces[3]);
	ucx_piece_return(pieces[9]);
	assert_error(ucx_piece_cut(pool, 2 * PAGE, &whole), ENOSPC, "no gap");
	ucx_piece_return(pieces[10]);
	assert_int_equal(ucx_piece_cut(pool, 2 * PAGE, &pieces[9]), 0);
	assert_int_equal(ucx_piece_cut(pool, PAGE, &pieces[3]), 0);
	assert_error(ucx_piece_cut(pool, PAGE, &whole), ENOSPC, "no gap");
	for (i = 0; i < 16; i++)
		if (i != 10)
			ucx_piece_return(pieces[i]);
	assert_int_equal(ucx_piece_cut(pool, SIZE, &whole), 0);
	assert_error(ucx_piece_cut(pool, 0, &pieces[0]), EINVAL, "0 bytes");
	assert_error(ucx_piece_cut(pool, SIZE_MAX, &pieces[0]), EINVAL, "piece");
	ucx_piece_return(whole);
	ucx_pool_put(pool);
	assert_int_equal(native_fds(), fds_before);
}

static void a_device_that_fails_is_told(void **state)
{
	struct ucx_piece *piece;
	struct ucx_pool *pool;

	fake.driver = NULL;
	assert_int_equal(ucx_pool_get(TEXT, &pool), 0);
	assert_int_not_equal(ucx_piece_cut(pool, PAGE, &piece), 0);
	assert_detail("vfio-pci");
	fake.driver = "vfio-pci";
	assert_int_equal(ucx_piece_cut(pool, PAGE, &piece), 0);
	ucx_piece_return(piece);
	ucx_pool_put(pool);
	assert_int_equal(native_fds(), fds_before);
}

/* Our domain as UCX opens it. */
static uct_md_h open_md(const char *device)
{
	uct_component_h *components;
	uct_md_config_t *config;
	unsigned int nr, i;
	uct_md_h md = NULL;

	assert_int_equal(uct_query_components(&components, &nr), UCS_OK);
	for (i = 0; i < nr && strcmp(components[i]->name, "vfio"); i++)
		;
	assert_true(i < nr);
	setenv("UCX_VFIO_DEVICE", device, 1);
	assert_int_equal(uct_md_config_read(components[i], NULL, NULL, &config),
			 UCS_OK);
	if (uct_md_open(components[i], "vfio", config, &md) != UCS_OK)
		md = NULL;
	uct_config_release(config);
	uct_release_component_list(components);
	return md;
}

static uct_md_h open_rdma(const char *device)
{
	uct_md_h md;

	setenv("UCX_VFIO_MEM_TYPE", "rdma", 1);
	md = open_md(device);
	unsetenv("UCX_VFIO_MEM_TYPE");
	assert_non_null(md);
	return md;
}

static void queries(uct_md_h md, const char *at, size_t len, ino_t ino,
		    size_t offset)
{
	uct_md_mem_attr_t attr = {
		.field_mask = UCT_MD_MEM_ATTR_FIELD_DMABUF_FD |
			      UCT_MD_MEM_ATTR_FIELD_DMABUF_OFFSET |
			      UCT_MD_MEM_ATTR_FIELD_MEM_TYPE |
			      UCT_MD_MEM_ATTR_FIELD_SYS_DEV,
	};
	struct stat st;

	assert_int_equal(uct_md_mem_query(md, at, len, &attr), UCS_OK);
	assert_int_equal(attr.mem_type, UCS_MEMORY_TYPE_HOST);
	assert_int_equal(attr.sys_dev, UCS_SYS_DEVICE_ID_UNKNOWN);
	assert_int_equal(attr.dmabuf_offset, offset);
	if (!ino) {
		assert_int_equal(attr.dmabuf_fd, UCT_DMABUF_FD_INVALID);
		return;
	}
	assert_int_equal(fstat(attr.dmabuf_fd, &st), 0);
	assert_int_equal(st.st_ino, ino);
	/* as UCX does when it has registered it */
	assert_int_equal(close(attr.dmabuf_fd), 0);
}

static void refuses(uct_md_h md, const char *at, size_t len)
{
	uct_md_mem_attr_t attr = {
		.field_mask = UCT_MD_MEM_ATTR_FIELD_DMABUF_FD,
		.dmabuf_fd = 77,
	};

	assert_int_equal(uct_md_mem_query(md, at, len, &attr),
			 UCS_ERR_INVALID_ADDR);
	assert_int_equal(attr.dmabuf_fd, 77);
}

static void addresses_are_told_apart(void **state)
{
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct peerbar_spec spec;
	uct_md_h md = open_md("");
	char heap[PAGE], *bar;
	struct stat st;

	assert_non_null(md);
	assert_int_equal(peerbar_spec_parse(TEXT, &spec), 0);
	assert_int_equal(peerbar_device_open(FAKE_BDF, NULL, &dev), 0);
	assert_int_equal(peerbar_spec_export(dev, &spec, 0, &buf), 0);
	assert_int_equal(peerbar_buffer_map(buf, 2 * PAGE, 4 * PAGE, 0, &map), 0);
	bar = peerbar_mapping_addr(map);
	assert_int_equal(fstat(peerbar_buffer_fd(buf), &st), 0);

	queries(md, bar, 4 * PAGE, st.st_ino, 2 * PAGE);
	queries(md, bar + PAGE + 13, 100, st.st_ino, 3 * PAGE + 13);
	queries(md, bar + 4 * PAGE - 1, 1, st.st_ino, 6 * PAGE - 1);
	queries(md, heap, sizeof(heap), 0, 0);
	queries(md, bar - 1, 1, 0, 0);
	queries(md, bar + 4 * PAGE, 1, 0, 0);
	/* what UCX's cache makes of neighbours */
	refuses(md, bar - 1, 2);
	refuses(md, bar - PAGE, 9 * PAGE);
	refuses(md, bar, 4 * PAGE + 1);
	refuses(md, bar + 4 * PAGE - 1, 2);

	peerbar_mapping_close(map);
	queries(md, bar, PAGE, 0, 0);
	peerbar_buffer_close(buf);
	peerbar_device_close(dev);
	uct_md_close(md);
	assert_int_equal(native_fds(), fds_before);
}

static ucs_status_t allocate_as(uct_md_h md, size_t len, const char *name,
				ucs_memory_type_t type,
				uct_allocated_memory_t *mem)
{
	static const uct_alloc_method_t method = UCT_ALLOC_METHOD_MD;
	uct_mem_alloc_params_t params = {
		.field_mask = UCT_MEM_ALLOC_PARAM_FIELD_FLAGS |
			      UCT_MEM_ALLOC_PARAM_FIELD_MDS |
			      UCT_MEM_ALLOC_PARAM_FIELD_NAME |
			      UCT_MEM_ALLOC_PARAM_FIELD_MEM_TYPE,
		.flags = UCT_MD_MEM_ACCESS_ALL,
		.mds = {.mds = &md, .count = 1},
		.name = name,
		.mem_type = type,
	};

	return uct_mem_alloc(len, &method, 1, &params, mem);
}

static ucs_status_t allocate(uct_md_h md, size_t len, const char *name,
			     uct_allocated_memory_t *mem)
{
	return allocate_as(md, len, name, UCS_MEMORY_TYPE_HOST, mem);
}

static void memory_is_cut_from_the_bar(void **state)
{
	uct_md_h md = open_md(TEXT);
	uct_allocated_memory_t mem, more;
	struct peerbar_hit hit;

	assert_non_null(md);
	assert_int_equal(allocate(md, PAGE, "ucp_am_bufs", &mem),
			 UCS_ERR_UNSUPPORTED);
	assert_int_equal(native_device_opens(), 0);
	assert_int_equal(allocate(md, PAGE + 1, "user memory", &mem), UCS_OK);
	assert_int_equal(mem.length, 2 * PAGE);
	assert_int_equal(peerbar_registry_find(mem.address, mem.length, &hit), 0);
	assert_int_equal(hit.offset, 0);
	assert_int_equal(allocate(md, SIZE, "user memory", &more),
			 UCS_ERR_NO_MEMORY);
	assert_int_equal(uct_mem_free(&mem), UCS_OK);
	assert_int_equal(allocate(md, SIZE, "user memory", &more), UCS_OK);
	assert_int_equal(uct_mem_free(&more), UCS_OK);
	uct_md_close(md);
	assert_int_equal(native_fds(), fds_before);
}

static void without_a_device_nothing_is_allocated(void **state)
{
	uct_md_h md = open_md("");
	uct_allocated_memory_t mem;
	uct_md_attr_t attr;

	assert_non_null(md);
	assert_int_equal(uct_md_query(md, &attr), UCS_OK);
	assert_int_equal(attr.cap.flags & UCT_MD_FLAG_ALLOC, 0);
	assert_int_equal(allocate(md, PAGE, "user memory", &mem),
			 UCS_ERR_NO_MEMORY);
	uct_md_close(md);
	assert_null(open_md("0000:05:00"));
	assert_int_equal(native_fds(), fds_before);
}

static void a_type_of_its_own(void **state)
{
	uct_md_h md = open_rdma(TEXT);
	uct_md_mem_attr_t attr = {.field_mask = UCT_MD_MEM_ATTR_FIELD_MEM_TYPE};
	uct_allocated_memory_t mem;
	ucs_memory_type_t type;
	struct peerbar_hit hit;
	char host[8];

	assert_int_equal(allocate_as(md, PAGE, "user memory",
				     UCS_MEMORY_TYPE_RDMA, &mem),
			 UCS_OK);
	assert_int_equal(peerbar_registry_find(mem.address, PAGE, &hit), 0);
	assert_int_equal(uct_md_mem_query(md, mem.address, PAGE, &attr), UCS_OK);
	assert_int_equal(attr.mem_type, UCS_MEMORY_TYPE_RDMA);
	assert_int_equal(uct_md_detect_memory_type(md, mem.address, 1, &type),
			 UCS_OK);
	assert_int_equal(type, UCS_MEMORY_TYPE_RDMA);
	assert_int_equal(uct_md_mem_query(md, host, 8, &attr),
			 UCS_ERR_INVALID_ADDR);
	/* which asks for the dma-buf only */
	attr.field_mask = UCT_MD_MEM_ATTR_FIELD_DMABUF_FD;
	assert_int_equal(uct_md_mem_query(md, host, 8, &attr), UCS_OK);
	assert_int_equal(attr.dmabuf_fd, UCT_DMABUF_FD_INVALID);
	assert_int_equal(uct_mem_free(&mem), UCS_OK);
	uct_md_close(md);
	assert_int_equal(native_fds(), fds_before);
}

/* All alignments of both sides, all lengths around the widths. */
static void copies_are_exact(void **state)
{
	uint64_t room[3][8];
	char *bar = (char *)room[0], *host = (char *)room[1];
	char *back = (char *)room[2];
	unsigned int at, from, len, i;

	for (i = 0; i < sizeof(room[1]); i++)
		host[i] = (char)(i + 1);
	for (at = 0; at < 9; at++)
		for (from = 0; from < 9; from++)
			for (len = 0; len < 40; len++) {
				memset(bar, 0, sizeof(room[0]));
				memset(back, 0, sizeof(room[2]));
				ucx_copy_to_bar(bar + at, host + from, len);
				assert_memory_equal(bar + at, host + from, len);
				assert_int_equal(bar[at + len], 0);
				assert_true(!at || !bar[at - 1]);
				ucx_copy_from_bar(back + from, bar + at, len);
				assert_memory_equal(back + from, host + from,
						    len);
				assert_int_equal(back[from + len], 0);
				assert_true(!from || !back[from - 1]);
			}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conversion),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(other_layouts_are_refused),
		cmocka_unit_test_setup(pool_opens_late_and_once, setup),
		cmocka_unit_test_setup(pieces_fill_the_gaps, setup),
		cmocka_unit_test_setup(a_device_that_fails_is_told, setup),
		cmocka_unit_test_setup(addresses_are_told_apart, setup),
		cmocka_unit_test_setup(memory_is_cut_from_the_bar, setup),
		cmocka_unit_test_setup(without_a_device_nothing_is_allocated,
				       setup),
		cmocka_unit_test_setup(a_type_of_its_own, setup),
		cmocka_unit_test(copies_are_exact),
	};

	fake_reset();
	if (ucx_component_register()) {
		print_error("%s\n", peerbar_error_detail());
		return 1;
	}
	return RUN(tests);
}
