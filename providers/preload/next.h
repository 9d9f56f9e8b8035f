/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#ifndef PRELOAD_NEXT_H
#define PRELOAD_NEXT_H

/*
 * @name as the next library after us has it.  A program, or a plug-in that
 * keeps @library to itself (dlopen() with RTLD_LOCAL), has loaded it.
 *
 * @cache: for this name alone
 * Return: NULL when nobody has it.
 */
void *next_function(_Atomic(void *) *cache, const char *library,
		    const char *name);

#endif /* PRELOAD_NEXT_H */
