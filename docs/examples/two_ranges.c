/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <err.h>
#include <stdio.h>
#include <peerbar/peerbar.h>
#include <peerbar/verbs.h>

#define TRY(call) ((call) ? errx(1, "%s", peerbar_error_detail()) : (void)0)

int main(int argc, char **argv)
{
	struct peerbar_range pieces[] = {{0x200000, 0x100000}, {0, 0x100000}};
	struct ibv_device **nics = ibv_get_device_list(NULL);
	struct ibv_context *nic = nics && *nics ? ibv_open_device(*nics) : NULL;
	struct ibv_pd *pd = nic ? ibv_alloc_pd(nic) : NULL;
	struct peerbar_device *dev;
	struct peerbar_buffer *buf;
	struct peerbar_mapping *map;
	struct ibv_mr *mr;

	if (argc != 2 || !pd)
		errx(2, "usage: two_ranges BDF, with an RDMA device present");
	TRY(peerbar_device_open(argv[1], NULL, &dev));
	TRY(peerbar_buffer_export(dev, 2, pieces, 2, 0, &buf));
	TRY(peerbar_buffer_map(buf, 0, 0, 0, &map));
	TRY(peerbar_verbs_reg_mr(pd, buf, 0, peerbar_buffer_size(buf), 0,
				 IBV_ACCESS_REMOTE_READ, &mr));
	TRY(peerbar_device_reset(dev)); /* mapping and MR heal by themselves */
	TRY(peerbar_write(map, 0, "peerbar", 8)); /* -ENODEV if it were revoked */
	printf("2 MiB at %p, rkey 0x%x\n", peerbar_mapping_addr(map), mr->rkey);

	ibv_dereg_mr(mr);
	ibv_dealloc_pd(pd);
	ibv_close_device(nic);
	ibv_free_device_list(nics);
	peerbar_mapping_close(map);
	peerbar_buffer_close(buf);
	peerbar_device_close(dev); /* taken back from everybody, for good */
	return 0;
}
