/* The "kernel" of core.bpf.c: same names, other layout. */
struct element {
	int pad, z, w;
};

enum color { RED = 1, BLUE = 2, GREEN = 77 };

struct thing {
	long before;
	struct {
		union {
			struct {
				long more;
				int b, c;
			};
		};
	};
	int a;
	struct element list[8];
	int narrow : 3, other : 20;
	unsigned int wide : 9;
	enum color color;
	unsigned int grown;
	long signed_grown;
};

struct thing thing;
