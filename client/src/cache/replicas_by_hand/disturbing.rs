//! What happens to the replicas between requests.

use serde::de::DeserializeOwned;

use super::ReplicasByHand;
use super::node::Node;
use crate::replicas::Disturbance;

impl<T: DeserializeOwned + Send + Sync + 'static> ReplicasByHand<T> {
    pub(super) fn disturb(&mut self, number: usize, disturbance: Disturbance) {
        let now = self.now.elapsed;
        match (disturbance, self.nodes.get_mut(number)) {
            (Disturbance::Killed, _) => self.kill(number),
            (Disturbance::Paused(pause), Some(node)) if number != self.read => {
                node.paused_until = now.saturating_add(pause);
            }
            (Disturbance::CutOff(cut), Some(node)) if number != self.read => {
                node.cut_until = now.saturating_add(cut);
            }
            _ => {}
        }
    }

    /// A replica dies and starts again knowing nothing; if it is the one that is read, another one is read.
    fn kill(&mut self, number: usize) {
        let count = self.nodes.len();
        if number == self.read {
            let other = (number + 1) % count;
            let is_as_new = |number: usize| {
                let following =
                    |node: &Node| node.replica.is_following() && node.replica.is_ready();
                self.is_at_rest(number) && self.nodes.get(number).is_some_and(following)
            };
            // Readers would see an older set: this one is spared.
            if !is_as_new(other) || !is_as_new(number) {
                return;
            }
            self.read = other;
        }
        let node = self.begin(number, count);
        if let Some(place) = self.nodes.get_mut(number) {
            *place = node;
        }
    }
}
