// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* VFIO and iommufd of the fake kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/pci_regs.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "fake_priv.h"
#include "uapi.h"

#define REGION_SHIFT 40

static uint8_t command;
static bool group_in_container;
static bool has_iommu_domain;
static unsigned int resets;
/* by index; -1 when not set */
static int triggers[VFIO_PCI_NUM_IRQS];

bool fake_memory_enabled(void)
{
	return command & PCI_COMMAND_MEMORY;
}

unsigned int fake_resets(void)
{
	return resets;
}

void fake_vfio_reset(void)
{
	command = 0;
	resets = 0;
	memset(triggers, 0xff, sizeof(triggers));
	group_in_container = false;
	has_iommu_domain = false;
}

static int container_ioctl(unsigned long request, void *arg)
{
	switch (request) {
	case VFIO_GET_API_VERSION:
		return fake.api_version;
	case VFIO_CHECK_EXTENSION:
		return fake.has_type1 && (uintptr_t)arg == VFIO_TYPE1v2_IOMMU;
	case VFIO_SET_IOMMU:
		if (!group_in_container || (uintptr_t)arg != VFIO_TYPE1v2_IOMMU)
			return -EINVAL;
		has_iommu_domain = true;
		return 0;
	default:
		return -ENOTTY;
	}
}

static int group_ioctl(unsigned long request, void *arg)
{
	struct vfio_group_status *status = arg;

	switch (request) {
	case VFIO_GROUP_GET_STATUS:
		assert_int_equal(status->argsz, sizeof(*status));
		status->flags = fake.viable ? VFIO_GROUP_FLAGS_VIABLE : 0;
		return 0;
	case VFIO_GROUP_SET_CONTAINER:
		assert_int_equal(fake_fd_get(*(int *)arg)->kind, FAKE_CONTAINER);
		group_in_container = true;
		return 0;
	case VFIO_GROUP_GET_DEVICE_FD:
		assert_string_equal(arg, FAKE_BDF);
		if (!has_iommu_domain)
			return -EINVAL;
		return fake_fd_new(FAKE_DEVICE, NULL);
	default:
		return -ENOTTY;
	}
}

static int region_info(struct vfio_region_info *info)
{
	assert_true(info->argsz >= sizeof(*info));
	info->offset = (uint64_t)info->index << REGION_SHIFT;
	info->size = 0;
	info->flags = VFIO_REGION_INFO_FLAG_READ | VFIO_REGION_INFO_FLAG_WRITE;
	switch (info->index) {
	case 0: /* an I/O BAR */
		info->size = 256;
		return 0;
	case FAKE_BAR:
		info->size = FAKE_BAR_SIZE;
		if (fake.has_bar)
			info->flags |= VFIO_REGION_INFO_FLAG_MMAP;
		return 0;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		info->size = 4096;
		return 0;
	default:
		info->flags = 0;
		return 0;
	}
}

static int feature_export(struct vfio_device_feature *feature)
{
	struct vfio_device_feature_dma_buf *get = (void *)feature->data;
	struct fake_dma_buf *buf;
	unsigned int i;

	assert_int_equal(feature->argsz,
			 sizeof(*feature) + sizeof(*get) +
				 get->nr_ranges * sizeof(get->dma_ranges[0]));
	assert_int_equal(get->region_index, FAKE_BAR);
	assert_int_equal(get->flags, 0);
	assert_true(get->open_flags & O_CLOEXEC);
	buf = fake_dma_buf_new(0);
	assert_in_range(get->nr_ranges, 1,
			sizeof(buf->ranges) / sizeof(buf->ranges[0]));
	close(buf->memory);
	buf->memory = fake_bar_file();
	buf->ours = true;
	buf->read_only = (get->open_flags & O_ACCMODE) == O_RDONLY;
	buf->nr_ranges = get->nr_ranges;
	for (i = 0; i < get->nr_ranges; i++) {
		buf->ranges[i].offset = get->dma_ranges[i].offset;
		buf->ranges[i].length = get->dma_ranges[i].length;
		buf->size += get->dma_ranges[i].length;
	}
	return fake_fd_new(FAKE_DMA_BUF, buf);
}

static int feature_revoke(struct vfio_device_feature *feature)
{
	struct peerbar_vfio_dma_buf_revoke *arg = (void *)feature->data;
	struct fake_dma_buf *buf = fake_fd_get(arg->dmabuf_fd)->buf;

	assert_int_equal(feature->argsz, sizeof(*feature) + sizeof(*arg));
	assert_true(feature->flags & VFIO_DEVICE_FEATURE_SET);
	if (buf->revoked)
		return -EBADFD;
	fake_dma_buf_revoke(buf);
	return 0;
}

static int feature_info(struct vfio_device_feature *feature)
{
	struct peerbar_vfio_dma_buf_info *arg = (void *)feature->data;
	struct fake_dma_buf *buf = fake_fd_get(arg->dmabuf_fd)->buf;

	assert_true(feature->argsz >= sizeof(*feature) + sizeof(*arg));
	assert_true(feature->flags & VFIO_DEVICE_FEATURE_GET);
	arg->state = buf->revoked	     ? PEERBAR_VFIO_DMA_BUF_PERM_REVOKED
		     : fake_memory_enabled() ? PEERBAR_VFIO_DMA_BUF_OK
					     : PEERBAR_VFIO_DMA_BUF_TEMP_REVOKED;
	arg->memattr = buf->combined ? PEERBAR_VFIO_DMA_BUF_WC
				     : PEERBAR_VFIO_DMA_BUF_UC;
	arg->nr_ranges = buf->nr_ranges;
	arg->size = buf->size;
	arg->importers = 2;
	arg->faults_pte = 3;
	arg->faults_pmd = 4;
	arg->faults_pud = 5;
	arg->faults_refused = 6;
	arg->revokes = buf->revokes;
	arg->revoke_ns = 8;
	return 0;
}

static int feature_memattr(struct vfio_device_feature *feature)
{
	struct peerbar_vfio_dma_buf_set_memattr *arg = (void *)feature->data;
	struct fake_dma_buf *buf = fake_fd_get(arg->dmabuf_fd)->buf;

	assert_int_equal(feature->argsz, sizeof(*feature) + sizeof(*arg));
	assert_true(feature->flags & VFIO_DEVICE_FEATURE_SET);
	assert_int_equal(arg->memattr, PEERBAR_VFIO_DMA_BUF_WC);
	if (fake.memattr_errno)
		return -fake.memattr_errno;
	buf->combined = true;
	return 0;
}

static int device_feature(struct vfio_device_feature *feature)
{
	const bool probe = feature->flags & VFIO_DEVICE_FEATURE_PROBE;

	switch (feature->flags & VFIO_DEVICE_FEATURE_MASK) {
	case VFIO_DEVICE_FEATURE_DMA_BUF:
		if (!fake.has_export)
			return -ENOTTY;
		return probe ? 0 : feature_export(feature);
	case PEERBAR_VFIO_FEATURE_DMA_BUF_REVOKE:
		if (!fake.has_modules)
			return -ENOTTY;
		return probe ? 0 : feature_revoke(feature);
	case PEERBAR_VFIO_FEATURE_DMA_BUF_INFO:
		if (!fake.has_modules)
			return -ENOTTY;
		return probe ? 0 : feature_info(feature);
	case PEERBAR_VFIO_FEATURE_DMA_BUF_MEMATTR:
		if (!fake.has_modules)
			return -ENOTTY;
		if (fake.no_pat)
			return -EOPNOTSUPP;
		return probe ? 0 : feature_memattr(feature);
	default:
		return -ENOTTY;
	}
}

void fake_foreign_reset(void)
{
	fake_device_taken_back();
}

static int irq_info(struct vfio_irq_info *info)
{
	assert_int_equal(info->argsz, sizeof(*info));
	if (info->index == VFIO_PCI_ERR_IRQ_INDEX && !fake.reports_errors)
		return -EINVAL;
	assert_in_range(info->index, VFIO_PCI_ERR_IRQ_INDEX,
			VFIO_PCI_REQ_IRQ_INDEX);
	info->count = 1;
	return 0;
}

static int set_irqs(struct vfio_irq_set *set)
{
	int fd;

	assert_int_equal(set->argsz, sizeof(*set) + sizeof(fd));
	assert_int_equal(set->flags, VFIO_IRQ_SET_DATA_EVENTFD |
					     VFIO_IRQ_SET_ACTION_TRIGGER);
	assert_int_equal(set->start, 0);
	assert_int_equal(set->count, 1);
	assert_in_range(set->index, 0, VFIO_PCI_NUM_IRQS - 1);
	memcpy(&fd, set->data, sizeof(fd));
	triggers[set->index] = fd;
	return 0;
}

bool fake_trigger_set(unsigned int irq_index)
{
	return triggers[irq_index] >= 0;
}

void fake_raise(unsigned int irq_index)
{
	const uint64_t one = 1;

	assert_true(fake_trigger_set(irq_index));
	assert_int_equal(write(fake_host_fd(triggers[irq_index]), &one, 8), 8);
}

static int device_ioctl(unsigned long request, void *arg)
{
	struct vfio_device_info *device = arg;

	switch (request) {
	case VFIO_DEVICE_BIND_IOMMUFD:
	case VFIO_DEVICE_ATTACH_IOMMUFD_PT:
		return fake.has_cdev ? 0 : -ENOTTY;
	case VFIO_DEVICE_GET_INFO:
		device->flags = VFIO_DEVICE_FLAGS_PCI |
				(fake.can_reset ? VFIO_DEVICE_FLAGS_RESET : 0);
		return 0;
	case VFIO_DEVICE_GET_REGION_INFO:
		return region_info(arg);
	case VFIO_DEVICE_GET_IRQ_INFO:
		return irq_info(arg);
	case VFIO_DEVICE_SET_IRQS:
		return set_irqs(arg);
	case VFIO_DEVICE_RESET:
		resets++;
		fake_device_taken_back();
		return 0;
	case VFIO_DEVICE_FEATURE:
		return device_feature(arg);
	default:
		return -ENOTTY;
	}
}

static int dispatch(int fd, unsigned long request, void *arg)
{
	switch (fake_fd_get(fd)->kind) {
	case FAKE_CONTAINER:
		return container_ioctl(request, arg);
	case FAKE_GROUP_FD:
		return group_ioctl(request, arg);
	case FAKE_DEVICE:
		return device_ioctl(request, arg);
	case FAKE_IOMMUFD:
		return request == IOMMU_IOAS_ALLOC ? 0 : -ENOTTY;
	default:
		return -ENOTTY;
	}
}

int fake_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	if (fake_fails("ioctl"))
		return -1;
	if (request == fake.fail_request) {
		errno = fake.fail_request_errno;
		return -1;
	}
	ret = dispatch(fd, request, arg);
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

/* Only the command register of the configuration space is there. */
static ssize_t access_config(uint8_t *buf, size_t len, uint64_t offset,
			     bool is_write)
{
	assert_int_equal(offset, PCI_COMMAND);
	assert_int_equal(len, 1);
	if (is_write) {
		if (command & ~*buf & PCI_COMMAND_MEMORY)
			fake_device_taken_back();
		command = *buf;
		fake_enable_memory(fake_memory_enabled());
	} else {
		*buf = command;
	}
	return 1;
}

static ssize_t access_device(int fd, void *buf, size_t len, off_t offset,
			     bool is_write)
{
	unsigned int index = offset >> REGION_SHIFT;
	uint64_t in_region = offset & ((UINT64_C(1) << REGION_SHIFT) - 1);

	assert_int_equal(fake_fd_get(fd)->kind, FAKE_DEVICE);
	if (index == VFIO_PCI_CONFIG_REGION_INDEX)
		return access_config(buf, len, in_region, is_write);
	assert_int_equal(index, FAKE_BAR);
	if (!fake_memory_enabled()) {
		errno = EIO;
		return -1;
	}
	if (fake.short_io && len > 1)
		len = 1;
	return is_write ? pwrite(fake_bar_file(), buf, len, in_region)
			: pread(fake_bar_file(), buf, len, in_region);
}

ssize_t fake_pread(int fd, void *buf, size_t len, off_t offset)
{
	if (fake_fails("pread"))
		return -1;
	return access_device(fd, buf, len, offset, false);
}

ssize_t fake_pwrite(int fd, const void *buf, size_t len, off_t offset)
{
	if (fake_fails("pwrite"))
		return -1;
	return access_device(fd, (void *)buf, len, offset, true);
}
