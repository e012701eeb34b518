# Go on with a run, if there is one; $disk is where the volume with the state is mounted.
state=$disk/_TaskSequence
if [ -e "$state/next-boot" ]; then
  read -r phase <"$state/next-boot"
  taskseq resume --state "$state" --phase "$phase" --drive C="$disk" --on-restart reboot
fi
