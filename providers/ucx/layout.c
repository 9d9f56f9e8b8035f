// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <ucp/api/ucp.h>

#include <peerbar/error.h>

#include "abi.h"
#include "layout.h"

/* in every build of UCX, and loaded before any plug-in */
#define KNOWN "self"
#define GUARD 512

static int refuse(const char *what)
{
	return peerbar_error_set(-EPROTONOSUPPORT,
				 "%s is not that of UCX " UCT_VERNO_STRING
				 ", for which this is built",
				 what);
}

static int check_version(void)
{
	unsigned int major, minor, release;

	ucp_get_version(&major, &minor, &release);
	if (major == UCT_VERNO_MAJOR && minor == UCT_VERNO_MINOR)
		return 0;
	return peerbar_error_set(
		-EPROTONOSUPPORT, "this is UCX %u.%u.%u, and built for %d.%d: UCX goes on without",
		major, minor, release, UCT_VERNO_MAJOR, UCT_VERNO_MINOR);
}

/* UCX keeps the sizes of its own classes. */
static int check_classes(void)
{
	if (uct_base_iface_t_class.size != sizeof(uct_base_iface_t))
		return refuse("an interface's size");
	if (uct_base_ep_t_class.size != sizeof(uct_base_ep_t))
		return refuse("an endpoint's size");
	return 0;
}

/* UCX's parser writes through these offsets into what we declare. */
static int check_config(void)
{
	const ucs_config_field_t *field;

	for (field = uct_iface_config_table; field->name; field++)
		if (!strcmp(field->name, "MAX_NUM_EPS"))
			break;
	if (!field->name ||
	    field->offset != offsetof(uct_iface_config_t, max_num_eps))
		return refuse("the configuration of a transport");
	return uct_md_config_table->name
		       ? refuse("the common part of a domain's configuration")
		       : 0;
}

static struct uct_component *find_known(void)
{
	struct uct_component *component;
	ucs_list_link_t *link;

	for (link = uct_components_list.next; link != &uct_components_list;
	     link = link->next) {
		component = ucs_container_of(link, struct uct_component, list);
		if (!strncmp(component->name, KNOWN, sizeof(component->name)))
			return component;
	}
	return NULL;
}

/* What stands before and behind in the structure is as it should be, too. */
static int check_component(const struct uct_component *component)
{
	const struct uct_tl *tl;

	if (!component || component->tl_list.next == &component->tl_list)
		return refuse("the list of components");
	tl = ucs_container_of(component->tl_list.next, struct uct_tl, list);
	if (strncmp(tl->name, KNOWN, sizeof(tl->name)) ||
	    tl->config.size < sizeof(uct_iface_config_t))
		return refuse("a transport");
	return 0;
}

/* The domain fills what its own idea of the structure has, and no more. */
static int check_attr(uct_md_h md)
{
	union {
		uct_md_attr_v2_t attr;
		unsigned char bytes[sizeof(uct_md_attr_v2_t) + GUARD];
	} room;
	size_t i;

	memset(room.bytes, 0xa5, sizeof(room));
	room.attr.field_mask = UINT64_MAX;
	if (uct_md_query_v2(md, &room.attr) != UCS_OK ||
	    strncmp(room.attr.component_name, KNOWN, sizeof(KNOWN)) ||
	    room.attr.dmabuf_mem_types)
		return refuse("the attributes of a memory domain");
	for (i = sizeof(room.attr); i < sizeof(room); i++)
		if (room.bytes[i] != 0xa5)
			return refuse("the attributes' size");
	return 0;
}

static int check_md(struct uct_component *component)
{
	uct_md_config_t *config;
	uct_md_h md;
	int ret;

	if (uct_md_config_read(component, NULL, NULL, &config) != UCS_OK)
		return refuse("the configuration of a memory domain");
	if (uct_md_open(component, KNOWN, config, &md) != UCS_OK) {
		uct_config_release(config);
		return refuse("opening a memory domain");
	}
	if (md->component == component && md->ops->query)
		ret = check_attr(md);
	else
		ret = refuse("a memory domain");
	uct_md_close(md);
	uct_config_release(config);
	return ret;
}

int ucx_layout_check(void)
{
	struct uct_component *component;
	int ret;

	ret = check_version();
	if (!ret)
		ret = check_classes();
	if (!ret)
		ret = check_config();
	if (ret)
		return ret;
	component = find_known();
	ret = check_component(component);
	return ret ? ret : check_md(component);
}
