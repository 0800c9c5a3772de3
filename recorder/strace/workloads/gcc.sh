# The compiler driver: preprocessor, compiler, assembler, linker as children; a failing one; one through a pipe.
printf 'int main(void) { return 42; }\n' >m.c
printf 'int main(void) { return x; }\n' >bad.c
gcc -o m m.c; ./m; echo $?
gcc -pipe -O2 -c m.c -o m.o; echo $?
gcc -c bad.c 2>/dev/null; echo $?
gcc -save-temps -c m.c; ls m.*
ar rcs libm.a m.o
gcc -flto -o m2 m.c; ./m2; echo $?
gcc -E - </dev/null | wc -l
