//! Asks the log what nobody tells by itself: where the input partitions end, and whether the topics are
//! still the ones that were there. Calls that block, and so have a thread of their own.
//!
//! What follows from an answer is the task's business.

use crate::log::Log;
use crate::shared::Shared;
use crate::store::Stores;
use crate::task::Origin;
use crossbeam_channel::{Receiver, Sender, TryRecvError};
use decision::time::Timestamp;
use std::sync::Arc;
use std::time::Duration;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Question {
    /// A task wants to know the ends of its input partitions, as of a moment.
    Ends {
        /// Its partition.
        partition: u32,
        /// The moment.
        asked: Timestamp,
    },
    /// Which topics there are now.
    Topics,
}

/// What the log said.
#[derive(Clone, Debug)]
pub(crate) enum Answer {
    /// The ends.
    Ends {
        /// As asked.
        partition: u32,
        /// As asked.
        asked: Timestamp,
        /// They, with the topics as they were found after the ends, and so were when those were seen; none
        /// when the log did not answer.
        ends: Option<(Vec<i64>, Arc<Origin>)>,
    },
    /// The topics.
    Topics(Arc<Origin>),
}

/// How long a thread that is asked seldom waits for a question at a time.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);

/// How long nobody is asked after the log did not answer: a task asks again at once, and a log that is out
/// of reach is not to be hammered.
const REST: Duration = Duration::from_millis(200);

/// Answers questions until nobody can ask any more.
pub(crate) fn answer<L: Log, S: Stores>(
    shared: &Shared<L, S>,
    asked: &Receiver<Question>,
    answers: &Sender<Answer>,
) {
    loop {
        match asked.try_recv() {
            Ok(first) => {
                // All that were asked meanwhile are served by one look at the topics.
                let questions: Vec<Question> = std::iter::once(first).chain(asked.try_iter()).collect();
                if answer_all(shared, &questions).into_iter().any(|answer| answers.send(answer).is_err()) {
                    return;
                }
            }
            Err(TryRecvError::Empty) => shared.threads.wait_for(asked, LONGEST_WAIT),
            Err(TryRecvError::Disconnected) => return,
        }
    }
}

fn answer_all<L: Log, S: Stores>(shared: &Shared<L, S>, questions: &[Question]) -> Vec<Answer> {
    let ends: Vec<Option<Vec<i64>>> = questions.iter().map(|question| ends(shared, *question)).collect();
    // After the ends: topics that are the same now were the same then.
    let origin = match Origin::find(shared) {
        Ok(origin) => Some(Arc::new(origin)),
        Err(error) => {
            tracing::warn!(%error, "due timers wait: it is not known whether the topics are the same");
            shared.threads.sleep(REST);
            None
        }
    };
    let answer = |(question, ends): (&Question, Option<Vec<i64>>)| match *question {
        Question::Ends { partition, asked } => {
            Some(Answer::Ends { partition, asked, ends: ends.zip(origin.clone()) })
        }
        Question::Topics => origin.clone().map(Answer::Topics),
    };
    questions.iter().zip(ends).filter_map(answer).collect()
}

fn ends<L: Log, S: Stores>(shared: &Shared<L, S>, question: Question) -> Option<Vec<i64>> {
    let Question::Ends { partition, .. } = question else { return None };
    match shared.log.end_offsets(&shared.topology.input_partitions(partition)) {
        Ok(ends) => Some(ends),
        Err(error) => {
            tracing::warn!(partition, %error, "due timers wait: the log's ends are not known");
            shared.threads.sleep(REST);
            None
        }
    }
}
