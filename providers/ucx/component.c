// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <ucs/sys/stubs.h>

#include "abi.h"
#include "component.h"
#include "iface.h"
#include "layout.h"
#include "md.h"

static struct uct_component component = {
	.name = "vfio",
	.query_md_resources = uct_md_query_single_md_resource,
	.md_open = ucx_md_open,
	.cm_open = (void *)ucs_empty_function_return_unsupported,
	.rkey_unpack = uct_md_stub_rkey_unpack,
	.rkey_ptr = (void *)ucs_empty_function_return_unsupported,
	.rkey_release = (void *)ucs_empty_function_return_success,
	.rkey_compare = uct_base_rkey_compare,
	.md_config =
		{
			.name = "vfio memory domain",
			.prefix = "VFIO_",
			.table = ucx_md_config_table,
			.size = sizeof(struct ucx_md_config),
		},
	.cm_config = UCS_CONFIG_EMPTY_GLOBAL_LIST_ENTRY,
	.tl_list = UCS_LIST_INITIALIZER(&component.tl_list, &component.tl_list),
	.md_vfs_init = (void *)ucs_empty_function,
};

int ucx_component_register(void)
{
	int ret = ucx_layout_check();

	if (ret)
		return ret;
	uct_component_register(&component);
	uct_tl_register(&component, &ucx_tl);
	return 0;
}
