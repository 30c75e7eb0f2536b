#!/bin/bash
# Pictures on a Slurm cluster: every task of the array does one part, in the same output folder.
#
#   sbatch examples/cluster/slurm.sh /shared/pictures /shared/restored
#
# Run it again after a failure: what is done is not done twice. A task that is killed or whose node
# fails is put back into the queue. When all have ended:
#
#   jcarsr ledger /shared/restored          # counts, names what is missing; exit code 0 = all done

#SBATCH --job-name=jcarsr
#SBATCH --array=1-100
#SBATCH --cpus-per-task=2
#SBATCH --mem=6G
#SBATCH --time=24:00:00
#SBATCH --requeue

set -euo pipefail

exec jcarsr restore "$1" -o "$2" \
  --shard "$SLURM_ARRAY_TASK_ID/$SLURM_ARRAY_TASK_COUNT" \
  --threads "$SLURM_CPUS_PER_TASK" --json
