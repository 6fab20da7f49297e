//! Whether something became faster, by pairs of measurements.

use std::time::Duration;

/// How many pairs are measured: one run of the old tree and one of the new, in turn.
pub const PAIRS: usize = 7;

/// By which part the new must be faster at least.
const LEAST_GAIN: f64 = 0.10;

/// Judges pairs of times: the old tree's and the new one's.
///
/// # Errors
/// It is not faster, or not by more than the noise.
pub fn judge(pairs: &[(Duration, Duration)]) -> Result<String, String> {
    let (mut old, mut new): (Vec<f64>, Vec<f64>) =
        pairs.iter().map(|(old, new)| (old.as_secs_f64(), new.as_secs_f64())).unzip();
    let better = pairs.iter().filter(|(old, new)| new < old).count();
    let (before, after) = (median(&mut old), median(&mut new));
    let noise = spread(&old, before).max(spread(&new, after));
    let measured =
        format!("{:.0} ms before and {:.0} ms after (medians of {} pairs)", before * 1e3, after * 1e3, pairs.len());
    let is_faster = better == pairs.len() && before - after > LEAST_GAIN * before && before - after > 2.0 * noise;
    match is_faster {
        true => Ok(format!("{measured}, each pair faster")),
        false => Err(format!(
            "it claims a speed-up that was not measured: {measured}, {better} pairs faster; it takes all of them, a tenth of the time, \
             and more than twice the noise of {:.0} ms",
            noise * 1e3
        )),
    }
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// How far the times lie from their median, by the median of that.
fn spread(times: &[f64], median_of: f64) -> f64 {
    let mut distances: Vec<f64> = times.iter().map(|it| (it - median_of).abs()).collect();
    median(&mut distances)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_faster_beyond_the_noise_is_faster() {
        let pairs = |times: &[(u64, u64)]| -> Vec<(Duration, Duration)> {
            times.iter().map(|&(a, b)| (Duration::from_millis(a), Duration::from_millis(b))).collect()
        };
        for (times, is_faster) in [
            (&[(100, 50), (104, 52), (98, 49), (101, 51), (99, 50)][..], true),
            (&[(100, 99), (104, 101), (98, 97), (101, 99), (99, 98)], false),
            (&[(100, 50), (104, 52), (98, 120), (101, 51), (99, 50)], false),
            (&[(100, 80), (300, 200), (50, 40), (220, 100), (400, 150)], false),
            (&[], false),
        ] {
            assert_eq!(judge(&pairs(times)).is_ok(), is_faster, "{times:?}: {:?}", judge(&pairs(times)));
        }
    }
}
