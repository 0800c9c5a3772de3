# Programs of a Debian system that start others, as they come.
git init -q repo; cd repo || exit 1
git -c user.name=a -c user.email=a@b commit -q --allow-empty -m one
echo x >f; git add f; git -c user.name=a -c user.email=a@b commit -q -m two
git gc -q; git log --oneline | wc -l
cd .. || exit 1
tar czf r.tar.gz repo; tar tzf r.tar.gz | wc -l
mkdir -p parts; for i in 1 2 3; do printf '#!/bin/sh\nexit 0\n' >parts/p$i; chmod +x parts/p$i; done
run-parts parts; echo $?
seq 1 200000 | sort --parallel=4 -S 1M -R | wc -l
seq 1 50000 | xz -T2 | xz -d | wc -l
start-stop-daemon --start --background --make-pidfile --pidfile d.pid --exec /bin/sleep -- 3
sleep 0.2
start-stop-daemon --stop --pidfile d.pid --retry 2; echo $?
mkdir -p t; for i in 1 2 3 4; do echo 'print "1..1\nok 1\n"' >t/$i.t; done
prove -Q -j 2 t
