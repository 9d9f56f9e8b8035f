// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Preloaded, it makes UCX say that it is another version. */
void ucp_get_version(unsigned int *major, unsigned int *minor,
		     unsigned int *release);

void ucp_get_version(unsigned int *major, unsigned int *minor,
		     unsigned int *release)
{
	*major = 1;
	*minor = 99;
	*release = 0;
}
