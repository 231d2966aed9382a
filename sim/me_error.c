/* Names of faults, and the exported face of the decoder. */
#include "sim/me.h"
#include "sim/me_decode.h"

#include "base/bits.h"

const char *sim_me_fault_name(enum sim_me_fault fault)
{
	static const char *const names[] = {
		[SIM_ME_OK] = "ok",
#define FAULT(id, name) [SIM_ME_FAULT_##id] = (name),
#include "sim/me_fault.def"
#undef FAULT
	};

	return (unsigned)fault < ARRAY_SIZE(names) ? names[fault] : "unknown";
}

uint8_t sim_me_ecc(uint64_t op)
{
	return me_ecc(op);
}
