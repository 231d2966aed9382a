#include "frontend/verifier/kfuncs.h"

#include "base/bits.h"

#include <string.h>

/* Look-up in kfuncs.def. */

#define FE_PROG_BOTH (FE_PROG_XDP | FE_PROG_TC)
#define FE_PROG_NONE 0

/* Ids of helpers are below; every function of the kernel is for GPL programs and takes packet memory. */
#define FIRST_ID     0x10000u
#define FLAGS_OF_ALL (FE_H_GPL | FE_H_PKT_ARGS)

enum {
	ROW_NONE,
#define KFUNC(name, progs, ret, gives, flags, a, b, c, d, e) ROW_##name,
#include "frontend/verifier/kfuncs.def"
#undef KFUNC
};

static const struct fe_kfunc table[] = {
#define KFUNC(name_, progs_, ret_, gives_, flags_, a, b, c, d, e)                                  \
	{ .proto = { .name = #name_,                                                               \
		     .id = FIRST_ID + ROW_##name_,                                                 \
		     .progs = FE_PROG_##progs_,                                                    \
		     .ret = FE_RET_##ret_,                                                         \
		     .flags = FLAGS_OF_ALL | (flags_),                                             \
		     .args = { FE_ARG_##a, FE_ARG_##b, FE_ARG_##c, FE_ARG_##d, FE_ARG_##e } },     \
	  .gives = FE_OBJ_##gives_ },
#include "frontend/verifier/kfuncs.def"
#undef KFUNC
};

const struct fe_kfunc *fe_kfunc(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (!strcmp(table[i].proto.name, name))
			return &table[i];
	}
	return NULL;
}

const char *fe_extern_name(const struct fe_object *obj, int32_t index)
{
	if (index < 0 || (size_t)index >= obj->n_externs)
		return "?";
	return obj->externs[index].name;
}

unsigned fe_kfunc_n_args(const struct fe_object *obj, int32_t index)
{
	const struct fe_kfunc *k = fe_kfunc(fe_extern_name(obj, index));
	unsigned n = 0;

	if (!k)
		return 5;
	while (n < 5 && k->proto.args[n] != FE_ARG__)
		n++;
	return n;
}
