// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include <stdio.h>
#include <stdlib.h>

#include <peerbar/error.h>

#include "nics.h"
#include "print.h"

static const char *verdict(const struct nic *nic)
{
	if (!nic->asked)
		return "not known";
	return nic->registers ? "yes" : "no";
}

void nics_print(struct peerbar_buffer *buf)
{
	struct nic *nics;
	size_t nr, i;

	if (nics_list(buf, &nics, &nr)) {
		printf("NICs: not looked for: %s\n", peerbar_error_detail());
		return;
	}
	for (i = 0; i < nr; i++)
		printf("NIC %s%s%s%s%s: registers BAR memory: %s%s%s\n",
		       nics[i].name, *nics[i].bdf ? ", " : "", nics[i].bdf,
		       *nics[i].driver ? ", " : "", nics[i].driver,
		       verdict(&nics[i]), *nics[i].reason ? ": " : "",
		       nics[i].reason);
	if (!nr)
		printf("NICs: none\n");
	free(nics);
}

static json_object *one(const struct nic *nic)
{
	json_object *object = json_object_new_object();

	json_object_object_add(object, "name", json_text(nic->name));
	json_object_object_add(object, "bdf", json_text(nic->bdf));
	json_object_object_add(object, "driver", json_text(nic->driver));
	json_object_object_add(
		object, "registers",
		nic->asked ? json_object_new_boolean(nic->registers) : NULL);
	json_object_object_add(object, "reason", json_text(nic->reason));
	return object;
}

json_object *nics_json(struct peerbar_buffer *buf)
{
	json_object *array;
	struct nic *nics;
	size_t nr, i;

	if (nics_list(buf, &nics, &nr))
		return NULL;
	array = json_object_new_array();
	for (i = 0; i < nr; i++)
		json_object_array_add(array, one(&nics[i]));
	free(nics);
	return array;
}
