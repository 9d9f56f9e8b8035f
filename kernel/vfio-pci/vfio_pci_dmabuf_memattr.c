// SPDX-License-Identifier: GPL-2.0-only
/*
 * How CPUs see the memory of a buffer: uncached, or write-combined.
 *
 * No page may be seen in both ways at once.  So a buffer claims its pages while
 * CPUs have it mapped, and a write-combined one from when it was made so;
 * claims of one kind may overlap, those of two kinds may not.
 *
 * On x86 it is not the protection of a mapping that decides, but the memory
 * type that is in force for the page, so that write-combining is reserved there
 * as long as it is claimed.
 */
#include <linux/interval_tree_generic.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/mutex.h>

#ifdef CONFIG_X86_PAT
#include <asm/memtype.h>
#endif

#include "vfio_pci_dmabuf_memattr.h"
#include "vfio_pci_dmabuf_priv.h"

#define vfio_pci_claim_start(claim)	((claim)->start)
#define vfio_pci_claim_last(claim)	((claim)->last)

INTERVAL_TREE_DEFINE(struct vfio_pci_dma_buf_claim, rb, u64, subtree_last,
		     vfio_pci_claim_start, vfio_pci_claim_last,
		     static inline, vfio_pci_claim);

/* By attribute, of all devices. */
static struct rb_root_cached vfio_pci_claims[] = {
	[PEERBAR_VFIO_DMA_BUF_UC] = RB_ROOT_CACHED,
	[PEERBAR_VFIO_DMA_BUF_WC] = RB_ROOT_CACHED,
};

/*
 * Guards the trees, and memattr, cpu_users and claimed of all buffers.  Taken
 * last but for the memory that is allocated beneath it.
 */
static DEFINE_MUTEX(vfio_pci_memattr_lock);

static bool vfio_pci_dma_buf_is_claimed(const struct vfio_pci_dma_buf *priv,
					enum peerbar_vfio_dma_buf_memattr attr)
{
	struct rb_root_cached *root = &vfio_pci_claims[attr];
	const struct phys_vec *vec;

	if (RB_EMPTY_ROOT(&root->rb_root))
		return false;

	for (vec = priv->ranges.vec; vec < priv->ranges.vec + priv->ranges.nr;
	     vec++)
		if (vfio_pci_claim_iter_first(root, vec->paddr,
					      vec->paddr + vec->len - 1))
			return true;
	return false;
}

static void vfio_pci_dma_buf_claim(struct vfio_pci_dma_buf *priv)
{
	struct vfio_pci_dma_buf_claim *claim;
	u32 i;

	for (i = 0; i < priv->ranges.nr; i++) {
		claim = &priv->claims[i];
		claim->start = priv->ranges.vec[i].paddr;
		claim->last = claim->start + priv->ranges.vec[i].len - 1;
		vfio_pci_claim_insert(claim, &vfio_pci_claims[priv->memattr]);
	}
	priv->claimed = true;
}

static void vfio_pci_dma_buf_unclaim(struct vfio_pci_dma_buf *priv)
{
	u32 i;

	for (i = 0; i < priv->ranges.nr; i++)
		vfio_pci_claim_remove(&priv->claims[i],
				      &vfio_pci_claims[priv->memattr]);
	priv->claimed = false;
}

/**
 * vfio_pci_dma_buf_cpu_get - a mapping of the buffer for CPUs is to be made
 * @priv: buffer
 *
 * Return: how it is to be made, enum peerbar_vfio_dma_buf_memattr; its end is
 * vfio_pci_dma_buf_cpu_put().  -EBUSY for an uncached one if some of the pages
 * are write-combined, -ENODEV for a buffer that was revoked for good.
 */
int vfio_pci_dma_buf_cpu_get(struct vfio_pci_dma_buf *priv)
{
	guard(mutex)(&vfio_pci_memattr_lock);

	if (READ_ONCE(priv->state) == PEERBAR_VFIO_DMA_BUF_PERM_REVOKED)
		return -ENODEV;

	if (!priv->claimed) {
		if (vfio_pci_dma_buf_is_claimed(priv, PEERBAR_VFIO_DMA_BUF_WC))
			return -EBUSY;
		vfio_pci_dma_buf_claim(priv);
	}
	priv->cpu_users++;
	return priv->memattr;
}

/* One more of what there is already. */
void vfio_pci_dma_buf_cpu_dup(struct vfio_pci_dma_buf *priv)
{
	guard(mutex)(&vfio_pci_memattr_lock);
	priv->cpu_users++;
}

void vfio_pci_dma_buf_cpu_put(struct vfio_pci_dma_buf *priv)
{
	guard(mutex)(&vfio_pci_memattr_lock);

	if (!--priv->cpu_users && priv->claimed &&
	    priv->memattr == PEERBAR_VFIO_DMA_BUF_UC)
		vfio_pci_dma_buf_unclaim(priv);
}

#ifdef CONFIG_X86_PAT
/* Whether memory can be write-combined at all here. */
bool vfio_pci_wc_possible(void)
{
	return pat_enabled();
}

/* The type of a reservation is that of what overlaps, if that was there first. */
static int vfio_pci_memtype_check_wc(phys_addr_t addr)
{
	const pgprotval_t wc = pgprot_val(pgprot_writecombine(__pgprot(0)));
	void __iomem *io = ioremap_wc(addr, PAGE_SIZE);
	unsigned int level;
	pte_t *pte;
	int ret = -EBUSY;

	if (!io)
		return -ENOMEM;

	pte = lookup_address((__force unsigned long)io, &level);
	if (pte && level == PG_LEVEL_4K &&
	    (pte_flags(ptep_get(pte)) & _PAGE_CACHE_MASK) == wc)
		ret = 0;
	iounmap(io);
	return ret;
}
#else
bool vfio_pci_wc_possible(void)
{
	return false;
}

static int vfio_pci_memtype_check_wc(phys_addr_t addr)
{
	return -EOPNOTSUPP;
}
#endif

static void vfio_pci_memtype_free(const struct phys_vec *vec, u32 nr)
{
	while (nr--)
		arch_io_free_memtype_wc(vec[nr].paddr, vec[nr].len);
}

static int vfio_pci_memtype_reserve_one(const struct phys_vec *vec)
{
	int ret = arch_io_reserve_memtype_wc(vec->paddr, vec->len);

	if (ret)
		return ret;

	ret = vfio_pci_memtype_check_wc(vec->paddr);
	if (ret)
		vfio_pci_memtype_free(vec, 1);
	return ret;
}

static int vfio_pci_memtype_reserve(const struct phys_vec *vec, u32 nr)
{
	u32 i;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = vfio_pci_memtype_reserve_one(&vec[i]);
		if (ret) {
			vfio_pci_memtype_free(vec, i);
			return ret;
		}
	}
	return 0;
}

/**
 * vfio_pci_dma_buf_set_wc - write-combined from now on
 * @priv: buffer that is uncached
 *
 * Return: 0; -EBUSY if CPUs have it mapped, or some of its pages otherwise; what
 * a reservation fails with.
 */
int vfio_pci_dma_buf_set_wc(struct vfio_pci_dma_buf *priv)
{
	int ret;

	guard(mutex)(&vfio_pci_memattr_lock);

	if (priv->cpu_users ||
	    vfio_pci_dma_buf_is_claimed(priv, PEERBAR_VFIO_DMA_BUF_UC))
		return -EBUSY;

	ret = vfio_pci_memtype_reserve(priv->ranges.vec, priv->ranges.nr);
	if (ret)
		return ret;

	priv->memattr = PEERBAR_VFIO_DMA_BUF_WC;
	vfio_pci_dma_buf_claim(priv);
	return 0;
}

static void vfio_pci_dma_buf_end_claim(struct vfio_pci_dma_buf *priv)
{
	lockdep_assert_held(&vfio_pci_memattr_lock);

	if (!priv->claimed)
		return;

	vfio_pci_dma_buf_unclaim(priv);
	if (priv->memattr == PEERBAR_VFIO_DMA_BUF_WC) {
		vfio_pci_memtype_free(priv->ranges.vec, priv->ranges.nr);
		priv->memattr = PEERBAR_VFIO_DMA_BUF_UC;
	}
}

/* As vfio_pci_dma_buf_set_wc(), the other way. */
int vfio_pci_dma_buf_set_uc(struct vfio_pci_dma_buf *priv)
{
	guard(mutex)(&vfio_pci_memattr_lock);

	if (priv->cpu_users)
		return -EBUSY;

	vfio_pci_dma_buf_end_claim(priv);
	return 0;
}

/* Nobody maps it any more, whoever still has a place for that. */
void vfio_pci_dma_buf_memattr_end(struct vfio_pci_dma_buf *priv)
{
	guard(mutex)(&vfio_pci_memattr_lock);
	vfio_pci_dma_buf_end_claim(priv);
}

/* Whether some of this memory is write-combined. */
bool vfio_pci_wc_any(phys_addr_t start, phys_addr_t len)
{
	struct rb_root_cached *root = &vfio_pci_claims[PEERBAR_VFIO_DMA_BUF_WC];

	guard(mutex)(&vfio_pci_memattr_lock);
	return len && vfio_pci_claim_iter_first(root, start, start + len - 1);
}

/*
 * A mapping that is gone again before the unlock takes the type that is in
 * force, and does not keep it in force.
 */
void vfio_pci_memattr_hold(void)
{
	mutex_lock(&vfio_pci_memattr_lock);
}

void vfio_pci_memattr_unhold(void)
{
	mutex_unlock(&vfio_pci_memattr_lock);
}
