/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef FRONTEND_VERIFIER_CONTRACTS_HELPERS_H
#define FRONTEND_VERIFIER_CONTRACTS_HELPERS_H

#include <stdbool.h>
#include <stdint.h>

/* Prototypes of the helper functions (helpers.def), and which helper goes with which map type
 * (map_rules.def). */

enum fe_prog_kind { FE_PROG_XDP = 1, FE_PROG_TC = 2 };

enum fe_arg {
	FE_ARG__,   /* none */
	FE_ARG_ANY, /* any initialised value */
	FE_ARG_CTX,
	FE_ARG_CTX_NULL,
	FE_ARG_MAP,
	FE_ARG_KEY,   /* memory of the map's key size, read */
	FE_ARG_VALUE, /* memory of the map's value size, read */
	FE_ARG_VALUE_NULLABLE,
	FE_ARG_VALUE_OUT, /* … written */
	FE_ARG_MEM_IN,    /* memory whose size is the next argument, read */
	FE_ARG_MEM_IN_NULL,
	FE_ARG_MEM_OUT, /* … written, may be uninitialised */
	FE_ARG_MEM_OUT_NULL,
	FE_ARG_MEM_INOUT,  /* … read and written */
	FE_ARG_SIZE,       /* of the memory before; not 0 */
	FE_ARG_SIZE0,      /* … may be 0 */
	FE_ARG_ALLOC_SIZE, /* constant: size of the memory returned */
	FE_ARG_IN_20,      /* memory of that many bytes, read */
	FE_ARG_IN_40,
	FE_ARG_OUT_4, /* … written */
	FE_ARG_OUT_8,
	FE_ARG_RECORD, /* reserved ring buffer record, given up */
	FE_ARG_SOCK,
	FE_ARG_SOCK_RELEASE,   /* socket with a reference, given up */
	FE_ARG_LOCK,           /* bpf_spin_lock in a map value */
	FE_ARG_TIMER,          /* bpf_timer in a map value */
	FE_ARG_FUNC,           /* callback */
	FE_ARG_CALLBACK_CTX,   /* stack pointer or null, handed to the callback */
	FE_ARG_STRING,         /* constant string in read-only map memory */
	FE_ARG_DYNPTR,         /* an initialised one */
	FE_ARG_DYNPTR_NULL,    /* … or null */
	FE_ARG_DYNPTR_RELEASE, /* … given up */
	FE_ARG_NEW_LOCAL,      /* stack that becomes a dynptr: of the map value in R1 */
	FE_ARG_NEW_RINGBUF,
	FE_ARG_NEW_SKB,
	FE_ARG_NEW_SKB_META,
	FE_ARG_NEW_XDP,
	FE_ARG_NEW_CLONE, /* … of the kind of the dynptr before */
	FE_ARG_PERCPU,    /* kernel variable of each CPU */
	FE_ARG_TASK,      /* kernel objects: enum fe_object_kind */
	FE_ARG_CGROUP,
	FE_ARG_CRYPTO,
	FE_ARG_KPTR,     /* field of a map value that owns an object */
	FE_ARG_KPTR_NEW, /* object that it is to own, given up, or null */
	FE_ARG_IGNORED,  /* anything, written or not */
	FE_ARG_NUMBER,   /* from here on: of kernel functions (kfuncs.def) */
	FE_ARG_INOUT_2,  /* memory of that many bytes, read and written */
	FE_ARG_INOUT_4,
	FE_ARG_INOUT_8,
	FE_ARG_INOUT_16,
	FE_ARG_INOUT_64,
	FE_ARG_CONN, /* objects: enum fe_object_kind */
	FE_ARG_CONN_INIT,
	FE_ARG_CONN_RELEASE, /* … given up */
	FE_ARG_CONN_INIT_RELEASE,
	FE_ARG_XFRM_RELEASE,
	FE_ARG_TASK_RELEASE,
	FE_ARG_CGROUP_RELEASE,
	FE_ARG_KEY_RELEASE,
	FE_ARG_FULL_SOCK, /* a socket that begins as struct sock does */
	FE_ARG_BUFFER,    /* memory that bpf_dynptr_slice() may need, or null; its size is next */
	FE_ARG_SIZE_OF_SLICE,
	FE_ARG_TYPE,     /* constant: id of a type in the kernel's BTF */
	FE_ARG_ITER_NEW, /* stack that becomes an iterator of numbers */
	FE_ARG_ITER,
	FE_ARG_ITER_RELEASE,
	FE_ARG_BITS_NEW, /* … of bits */
	FE_ARG_BITS,
	FE_ARG_BITS_RELEASE,
	FE_ARG_LOCAL_TYPE, /* constant: id of a structure of the object file */
	FE_ARG_PERCPU_TYPE,
	FE_ARG_LOCAL_RELEASE, /* owned object, given up */
	FE_ARG_PERCPU_RELEASE,
	FE_ARG_COUNTED,   /* object with a reference count */
	FE_ARG_LIST_HEAD, /* lists and trees: check_graph.c */
	FE_ARG_RB_ROOT,
	FE_ARG_LIST_NODE,   /* owned object, by the node that goes into the list */
	FE_ARG_RB_NODE_NEW, /* … into the tree */
	FE_ARG_RB_NODE,     /* one that may be in the tree */
};

enum fe_ret {
	FE_RET_INT,
	FE_RET_VOID,
	FE_RET_VALUE_NULL, /* map value, or null */
	FE_RET_SOCKET_NULL,
	FE_RET_SOCK_COMMON_NULL,
	FE_RET_TCP_SOCK_NULL,
	FE_RET_RECORD_NULL,   /* ring buffer record of ALLOC_SIZE bytes */
	FE_RET_MEM_NULL,      /* bpf_dynptr_data(): ALLOC_SIZE bytes */
	FE_RET_SLICE_NULL,    /* SIZE_OF_SLICE bytes, to be read */
	FE_RET_SLICE_RW_NULL, /* … and written */
	FE_RET_CAST_MEMORY,   /* bpf_rdonly_cast(): see check_kernel.c */
	FE_RET_CAST_CTX,      /* bpf_cast_to_kern_ctx() */
	FE_RET_NEXT,          /* number of an iterator, or null when it is drained */
	FE_RET_BTF,
	FE_RET_BTF_NULL,
	FE_RET_PERCPU,      /* this CPU's PERCPU */
	FE_RET_PERCPU_NULL, /* … or that of a CPU, if there is one */
	FE_RET_OBJECT_NULL, /* fe_kfunc.gives, or null */
	FE_RET_LOCAL,       /* object of the program's own, or null: see fe_local_args */
};

#define FE_H_GPL           0x01   /* only for programs with a GPL-compatible licence */
#define FE_H_PKT_ARGS      0x02   /* memory arguments may be packet pointers */
#define FE_H_MOVES_PKT     0x04   /* packet pointers lose their meaning */
#define FE_H_ACQUIRES      0x08   /* the result is a reference */
#define FE_H_CASTS         0x10   /* the result is the argument, seen as another type */
#define FE_H_DESTRUCTIVE   0x20   /* stops the machine: see fe_verify_options.allow_destructive */
#define FE_H_WRITES_DYNPTR 0x40   /* what the dynptr is of may change: a packet may move */
#define FE_H_UNDER_LOCK    0x80   /* kernel functions: may be called with a spin lock held */
#define FE_H_MODULE        0x200  /* … may be in a module: the kernel's own types may lack it */
#define FE_H_THROWS        0x400  /* … does not return: the program ends */
#define FE_H_DEVICE_BOUND  0x800  /* … for programs that are loaded for a device */
#define FE_H_SECTION       0x100  /* … begins or ends a section: see rcu_preempt.c */
#define FE_H_INSERTS       0x1000 /* … a node goes into a list or tree: it is owned no more */

struct fe_helper {
	const char *name;
	uint32_t id;
	uint8_t progs; /* mask of enum fe_prog_kind */
	uint8_t ret;   /* enum fe_ret */
	uint16_t flags;
	uint8_t args[5]; /* enum fe_arg */
};

/* The prototype that a kind of program sees; NULL when it may not call the helper. */
const struct fe_helper *fe_helper(uint32_t id, enum fe_prog_kind kind);
/* Known to any kind of program here. */
bool fe_helper_known(uint32_t id);
/* Arguments a helper reads at most, over its rows; 5 when unknown. */
unsigned fe_helper_n_args(uint32_t id);
/* May this map type be given to this helper? */
bool fe_helper_takes_map(uint32_t id, uint32_t map_type);

#endif
