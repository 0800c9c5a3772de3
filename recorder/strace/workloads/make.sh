# A C project of $1 files built by make -j$2, with a sub-make and a rule that fails.
mkdir -p proj/sub
for i in $(seq 1 "$1"); do echo "int f$i(void) { return $i; }" >proj/f$i.c; done
echo 'int main(void) { return 0; }' >proj/main.c
cat >proj/Makefile <<'M'
objects = $(patsubst %.c,%.o,$(wildcard *.c))
all: prog sub; @./prog
prog: $(objects); gcc -o $@ $^
%.o: %.c; gcc -c -o $@ $<
sub:; $(MAKE) -C sub
fail:; sh -c 'exit 3'
.PHONY: all sub fail
M
printf 'all: x y z\nx y z:; @sleep 0.05; echo $@ >$@\n' >proj/sub/Makefile
make -s -C proj "-j$2"; echo $?
make -s -k -C proj "-j$2" fail sub 2>/dev/null; echo $?
