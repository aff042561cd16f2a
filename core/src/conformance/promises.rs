//! Every promise of the kit in a sentence, and what its breach usually means.

/// Hands the list of all checks to another macro, after `$before`: for each family its checks with promise and usual cause.
#[doc(hidden)]
#[macro_export]
macro_rules! conformance_checks {
    ($then:ident! { $($before:tt)* }) => {
        $crate::$then! {
            $($before)*
            reference {
                writes "Every element of `out` is written: at most 0 for a loss token, and 0 for any other." "an early return where the loss mask is empty, or a buffer that is filled for loss tokens alone";
                sums_to_one "The probabilities of all ids after a text sum to 1." "logits that are not normalized, or the id before being scored in the place of the one after";
                temperature "Logits are divided by the batch's temperature, and normalized again." "the temperature is applied to log-probabilities, or not at all";
                causal "A token's number does not depend on what follows it." "a causal mask that is off by one";
                company "A sequence has the same numbers alone, beside another, and in a batch." "padding that is attended to, or positions that are counted through the batch";
                order "Sequences keep their numbers in another order." "results that are written by the order of the padded batch";
                repeats "The same question has the same answer, the same seed the same network, and another seed another." "dropout that is left on, or a seed that is not used";
                refusals "A token outside the vocabulary and a sequence longer than the context are errors that change nothing." "an index that is clamped or wraps around";
                wide "Each of 33, 65 and 1,025 sequences has the numbers that it has among five." "the last, partial tile of a batch";
                empty "A batch of no sequence has no numbers, and is no error." "a division by the number of sequences";
                small_temperature "At a temperature of 0.004 log-probabilities are those that f64 finds, down to hundreds of nats below 0." "`exp` without the largest logit subtracted, or a floor under probabilities";
            }
            policy {
                scored "Returned log-probabilities are the scorer's at the sampling's temperature, whatever the filters." "log-probabilities that are taken after the filters";
                keys "The same key gives the same text; another step, another first index or another prompt index another one." "a generator with a state of its own";
                company "A response does not depend on the prompts that follow." "random numbers that are drawn in one go for the whole batch";
                first "With `first` as its first prompt's index, a part of a call has the call's responses." "an index that is counted from 0 in every call";
                greedy "Greedy sampling takes the most probable id." "sampling at a temperature of 1";
                draws "Draws follow the softmax at several temperatures." "a temperature that is not applied, or applied twice";
                filters "Draws follow the filtered softmax, and what is filtered out is never drawn." "filters that are ignored, or applied in another order";
                repetition "Ids of the prompt are penalized as `repetition` says." "a penalty on the response alone, or none";
                repetition_of_response "Ids of the response are penalized as those of the prompt are." "a penalty on the prompt alone";
                positions "First and second ids of a response are drawn independently." "a uniform number that is used for every position";
                endings "A response ends at its first end or stop token, which it keeps, or at the greatest length, and says which." "stop tokens that are cut off, or an ending that is called another";
                limits "Responses are as long as allowed, up to the end of the context; `max_new_tokens: 0` and a prompt that fills the context are errors." "an off-by-one at the end of the context";
                exact "Each token is the one at `key.uniform(first + i, position)` of the cumulative filtered distribution, ids in rising order." "another order of ids, or a part of the key that is not used; a backend with its own generator declares this check as a skip";
                wide "Each of 33, 65 and 1,025 prompts has the response that it has among five." "the last, partial tile of a batch";
                no_prompts "No prompts have no responses, and are no error." "a division by the number of prompts";
                exact_repetition "The same as `exact` with a penalty on repetition, and with all filters at once." "filters that are applied in another order than penalty, temperature, top-k, top-p, min-p";
                after_step "After every step, samples and their log-probabilities are those of the new weights." "the sampler reads old weights: look for a cached copy";
            }
            learner {
                shows_scores "What an objective is shown is what the scorer says." "two forward passes that differ: dropout, or another temperature";
                contract "Every output of the loss mask is shown once, in order, and all at once where the objective couples its tokens; nothing is shown that was not asked for; the loss returned is the objective's." "a mean over the batch, or tiles for an objective that couples its tokens";
                gradient "The accumulated gradient is the loss's, on short texts and on texts as long as the context." "a sign, a mean over the batch, or the temperature's 1/T missing from the gradient";
                left_out "Each output by itself has a gradient, and it is the loss's: after every id, of every id, and up to the end of the context." "a last token, or a last tile, that is left out";
                entropy "Entropies are those of the whole distribution at the batch's temperature, in nats." "bits in the place of nats, or the entropy at a temperature of 1";
                entropy_contract "The contract holds where entropies are asked for." "entropies that are shown in another order than log-probabilities";
                entropy_gradient "The gradient of entropies is the loss's." "entropies that are computed without a gradient";
                entropy_left_out "Each entropy by itself has a gradient, and it is the loss's." "a last token, or a last tile, that is left out";
                splits "A batch in parts has the gradient of the whole." "a denominator of the call's own";
                entropy_splits "A batch in parts has the gradient of the whole, for entropies." "a denominator of the call's own";
                couplings "However an objective couples its tokens, its gradient is the same." "another path for objectives that couple their tokens";
                zero_grad "After `zero_grad`, and after a step, no gradient is left." "a buffer that is not cleared";
                norm_and_clip "A step returns the norm before clipping, and clips by the norm of all weights." "clipping tensor by tensor, or the norm after clipping";
                adamw "A first step does not depend on the gradient's size, and moments carry a step on." "plain descent, or momentum that is missing";
                learns "Forty steps bring the outputs near to what is wanted." "a gradient of the wrong sign, or weights that are not updated";
                not_finite "A gradient that is not finite is refused, at the latest by the step, which leaves the weights alone." "a check after the update";
                objective_error "An objective's error is the learner's, and nothing stays accumulated." "a gradient that is not dropped on errors";
                bad_text "Bad text is refused, and nothing stays accumulated." "a gradient that is not dropped on errors";
                after_step "After every step the scorer says what the learner shows." "the role reads old weights: look for a cached copy";
                settings "Every setting of a step is that step's own." "settings that are read once, at the first step";
                rate "A step at rate 0 changes nothing, and half the rate moves half as far." "a learning rate that is read once, or weight decay without the rate";
                betas "Moments decay by β₁ and β₂ of the step, and are corrected for their start." "no bias correction, or decays that are read once";
                epsilon "ε is added to the root of the second moment, corrected or raw as `epsilon_at` says." "ε within the root, or always at the corrected one";
                decay "Weight decay takes `rate·decay` of every weight, beside the gradient or within it as `decay` says." "decay that is ignored, or always decoupled";
                refused_step "A refused step leaves weights, moments and the count of steps as they were, and no gradient." "a count or a moment that is updated before the check";
                wide "A gradient of 33, 65 and 1,025 sequences at once is that of the same ones in parts." "the last, partial tile of a batch";
                nothing_to_learn "A batch of no sequence, or with an empty loss mask, has the loss 0 and no gradient, and leaves what was accumulated." "a mean over nothing";
                small_temperature "At a temperature of 0.004 the learner shows what the scorer says, and gradients and entropies are finite." "0·∞ in the entropy, or an overflow in its gradient";
            }
            critic {
                writes "Every value is written, and finite." "a buffer that is filled for some tokens alone";
                after_its_token "A value is that of the state after its token." "values of the state before the token";
                causal "A value does not depend on what follows." "a causal mask that is off by one";
                company "A sequence has the same values alone and in a batch." "padding that is attended to";
                order "Sequences keep their values in another order." "results that are written by the order of the padded batch";
                repeats "The same question has the same answer." "dropout that is left on";
                refusals "Bad text is an error that changes nothing." "an index that is clamped or wraps around";
                wide "Each of 33, 65 and 1,025 sequences has the values that it has among five." "the last, partial tile of a batch";
                empty "A batch of no sequence has no values, and is no error." "a division by the number of sequences";
            }
            learn_values {
                shows_scores "What an objective is shown is what the critic says." "two forward passes that differ: dropout, or another temperature";
                contract "Every output of the loss mask is shown once, in order, and all at once where the objective couples its tokens; nothing is shown that was not asked for; the loss returned is the objective's." "a mean over the batch, or tiles for an objective that couples its tokens";
                gradient "The accumulated gradient is the loss's, on short texts and on texts as long as the context." "a sign, a mean over the batch, or the temperature's 1/T missing from the gradient";
                left_out "Each output by itself has a gradient, and it is the loss's: after every id, of every id, and up to the end of the context." "a last token, or a last tile, that is left out";
                splits "A batch in parts has the gradient of the whole." "a denominator of the call's own";
                zero_grad "After `zero_grad`, and after a step, no gradient is left." "a buffer that is not cleared";
                norm_and_clip "A step returns the norm before clipping, and clips by the norm of all weights." "clipping tensor by tensor, or the norm after clipping";
                adamw "A first step does not depend on the gradient's size, and moments carry a step on." "plain descent, or momentum that is missing";
                learns "Forty steps bring the outputs near to what is wanted." "a gradient of the wrong sign, or weights that are not updated";
                not_finite "A gradient that is not finite is refused, at the latest by the step, which leaves the weights alone." "a check after the update";
                objective_error "An objective's error is the learner's, and nothing stays accumulated." "a gradient that is not dropped on errors";
                bad_text "Bad text is refused, and nothing stays accumulated." "a gradient that is not dropped on errors";
                after_step "After every step the critic says what the learner shows." "the role reads old weights: look for a cached copy";
                settings "Every setting of a step is that step's own." "settings that are read once, at the first step";
                rate "A step at rate 0 changes nothing, and half the rate moves half as far." "a learning rate that is read once, or weight decay without the rate";
                betas "Moments decay by β₁ and β₂ of the step, and are corrected for their start." "no bias correction, or decays that are read once";
                epsilon "ε is added to the root of the second moment, corrected or raw as `epsilon_at` says." "ε within the root, or always at the corrected one";
                refused_step "A refused step leaves weights, moments and the count of steps as they were, and no gradient." "a count or a moment that is updated before the check";
                wide "A gradient of 33 and of 65 sequences at once is that of the same ones in parts." "the last, partial tile of a batch";
                nothing_to_learn "A batch of no sequence, or with an empty loss mask, has the loss 0 and no gradient, and leaves what was accumulated." "a mean over nothing";
            }
            reward {
                writes "Every score is written, and finite." "a buffer that is filled for some sequences alone";
                after_last_token "A score is that of the state after the last token." "the score of a padding token, or of the first token";
                company "A sequence has the same score alone and in a batch." "padding that is attended to, or scored";
                order "Sequences keep their scores in another order." "results that are written by the order of the padded batch";
                repeats "The same question has the same answer." "dropout that is left on";
                refusals "Bad text is an error that changes nothing." "an index that is clamped or wraps around";
                wide "Each of 33, 65 and 1,025 sequences has the score that it has among five." "the last, partial tile of a batch";
                empty "A batch of no sequence has no scores, and is no error." "a division by the number of sequences";
            }
            learn_scores {
                shows_scores "What an objective is shown is what the reward model says." "two forward passes that differ: dropout, or another temperature";
                contract "Every output of the loss mask is shown once, in order, and all at once where the objective couples its tokens; nothing is shown that was not asked for; the loss returned is the objective's." "a mean over the batch, or tiles for an objective that couples its tokens";
                gradient "The accumulated gradient is the loss's, on short texts and on texts as long as the context." "a sign, a mean over the batch, or the temperature's 1/T missing from the gradient";
                left_out "Each output by itself has a gradient, and it is the loss's: after every id, of every id, and up to the end of the context." "a last token, or a last tile, that is left out";
                splits "A batch in parts has the gradient of the whole." "a denominator of the call's own";
                zero_grad "After `zero_grad`, and after a step, no gradient is left." "a buffer that is not cleared";
                norm_and_clip "A step returns the norm before clipping, and clips by the norm of all weights." "clipping tensor by tensor, or the norm after clipping";
                adamw "A first step does not depend on the gradient's size, and moments carry a step on." "plain descent, or momentum that is missing";
                learns "Forty steps bring the outputs near to what is wanted." "a gradient of the wrong sign, or weights that are not updated";
                not_finite "A gradient that is not finite is refused, at the latest by the step, which leaves the weights alone." "a check after the update";
                objective_error "An objective's error is the learner's, and nothing stays accumulated." "a gradient that is not dropped on errors";
                bad_text "Bad text is refused, and nothing stays accumulated." "a gradient that is not dropped on errors";
                after_step "After every step the reward model says what the learner shows." "the role reads old weights: look for a cached copy";
                settings "Every setting of a step is that step's own." "settings that are read once, at the first step";
                rate "A step at rate 0 changes nothing, and half the rate moves half as far." "a learning rate that is read once, or weight decay without the rate";
                betas "Moments decay by β₁ and β₂ of the step, and are corrected for their start." "no bias correction, or decays that are read once";
                epsilon "ε is added to the root of the second moment, corrected or raw as `epsilon_at` says." "ε within the root, or always at the corrected one";
                refused_step "A refused step leaves weights, moments and the count of steps as they were, and no gradient." "a count or a moment that is updated before the check";
                wide "A gradient of 33 and of 65 sequences at once is that of the same ones in parts." "the last, partial tile of a batch";
                nothing_to_learn "A batch of no sequence, or with an empty loss mask, has the loss 0 and no gradient, and leaves what was accumulated." "a mean over nothing";
            }
            averaged {
                starts_at_weights "The first call starts the average at the weights; swapping twice comes back." "an average that starts at 0";
                decay "`average ← decay·average + (1 − decay)·weights`." "the decay and its complement exchanged";
                refusals "A swap before any average, and a decay outside of 0 to 1, are errors." "a swap with nothing";
                sampler_after_swap "After a swap the sampler draws by the average, and after another by the weights." "the sampler reads old weights: look for a cached copy";
                values_after_swap "After a swap values are the average's, and after another the weights'." "the critic reads old weights: look for a cached copy";
                scores_after_swap "After a swap scores are the average's, and after another the weights'." "the reward model reads old weights: look for a cached copy";
                rows_after_swap "After a swap rows are the average's, and after another the weights'." "rows are made with old weights: look for a cached copy";
                candidates_after_swap "After a swap candidates are the average's, and after another the weights'." "candidates are made with old weights: look for a cached copy";
            }
            rows {
                order "Each loss token's row comes once, in rising order." "rows in the order of a padded batch";
                scored "Rows are logits that no temperature divides; with it they give the scorer's log-probabilities." "rows that are divided by the temperature, or normalized";
                company "A sequence has the same rows alone and in a batch." "padding that is attended to";
                refusals "Bad text is an error that changes nothing." "an index that is clamped or wraps around";
                after_step "After every step rows are those of the new weights." "rows are made with old weights: look for a cached copy";
            }
            learn_rows {
                shows_rows "A row objective is shown the rows of `Rows`, undivided and in order." "rows that are divided by the temperature";
                gradient "The accumulated gradient is the loss's." "a gradient that is divided by the temperature";
                as_scalars "A loss of log-probabilities teaches the same by rows as by scalars." "one of the two paths has another scale";
                objective_error "An objective's error is the learner's, and nothing stays accumulated." "a gradient that is not dropped on errors";
            }
            candidates {
                top "The likeliest ids come in falling order, equal ones by rising id, with their log-probabilities; fewer are the first of more." "a sort that is not stable, or in rising order";
                scored "Candidates have the log-probabilities that the scorer gives them." "candidates without the temperature";
                company "A sequence has the same candidates alone and in a batch." "padding that is attended to";
                refusals "Bad text, ids outside the vocabulary, wrong lengths, and a `k` of 0 or beyond the vocabulary are errors." "an index that is clamped or wraps around";
                after_step "After every step candidates are those of the new weights." "candidates are made with old weights: look for a cached copy";
            }
            learn_candidates {
                shows_candidates "A candidate objective is shown what `Candidates` says, in order." "candidates without the temperature";
                gradient "The accumulated gradient is the loss's." "a gradient of the first candidate alone";
                as_scalars "With the text's own tokens as candidates it teaches what scalars teach." "one of the two paths has another scale";
                refusals "An objective's error, and an id outside the vocabulary, are errors, and nothing stays accumulated." "a gradient that is not dropped on errors";
            }
            parameters {
                round_trip "What is written is what is read, and what the network then uses." "weights that are copied at another place too";
                take_gradient "A gradient that is taken has the norm that a step returns, and none is left." "a gradient that is not cleared";
                directions "Along random directions the loss changes as the gradient says." "a tensor whose gradient is wrong or missing";
                adamw "Steps move every weight as the formula does, with decay and clipping; writing weights leaves the moments alone." "an optimizer that is made anew when weights are written";
                refusals "Vectors of another length are errors that change nothing." "a slice that is cut to fit";
                sampler_after_write "A network that was given another's weights samples as the other does." "the sampler reads old weights: look for a cached copy";
                ties "Of equally probable ids greedy sampling takes the smallest." "an argmax that takes the last";
                values_after_write "A network that was given another's weights has the other's values." "the critic reads old weights: look for a cached copy";
                scores_after_write "A network that was given another's weights has the other's scores." "the reward model reads old weights: look for a cached copy";
                rows_after_write "A network that was given another's weights has the other's rows." "rows are made with old weights: look for a cached copy";
                candidates_after_write "A network that was given another's weights has the other's candidates." "candidates are made with old weights: look for a cached copy";
                large_weights "With weights thirty times as large, log-probabilities are those that f64 finds from the rows." "`exp` without the largest logit subtracted";
                gradient_of_log_probs "The derivative of log-probabilities by each weight is the accumulated gradient." "a tensor, or a row of one, whose gradient is wrong or missing";
                gradient_of_entropies "The derivative of entropies by each weight is the accumulated gradient." "a tensor, or a row of one, whose gradient is wrong or missing";
                gradient_of_values "The derivative of values by each weight is the accumulated gradient." "a tensor, or a row of one, whose gradient is wrong or missing";
                gradient_of_scores "The derivative of scores by each weight is the accumulated gradient." "a tensor, or a row of one, whose gradient is wrong or missing";
            }
            saved {
                round_trip "A network that was saved and loaded says what it said." "a tensor that is not saved";
                log_probs_after_load "After learning too." "weights that are saved as they were made";
                step_after_load "A step after loading is the step without: moments and their count are saved." "an optimizer that starts anew";
                sampler_after_load "A learned network that was loaded samples as it did." "a tensor that is not saved";
                values_after_load "A learned network that was loaded has the values that it had." "a value head that is not saved";
                scores_after_load "A learned network that was loaded has the scores that it had." "a scalar head that is not saved";
                average_after_load "The moving average is saved: a swap after loading is the swap without." "an average that starts anew";
                dropout_after_load "With dropout on, a step after loading is the step without; masks change from step to step." "masks that start anew: look for a seed, or a count of steps, that is not saved";
            }
        }
    };
}

/// A check of the kit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Its family.
    pub family: &'static str,
    /// Its name within the family.
    pub check: &'static str,
    /// The promise, in a sentence.
    pub promise: &'static str,
    /// The usual cause when it is broken.
    pub usually: &'static str,
}

#[doc(hidden)]
#[macro_export]
macro_rules! conformance_promises {
    ($($family:ident { $($check:ident $promise:literal $usually:literal;)* })*) => {
        /// All checks, family by family.
        pub const PROMISES: &[Promise] = &[
            $($(Promise {
                family: stringify!($family),
                check: stringify!($check),
                promise: $promise,
                usually: $usually,
            },)*)*
        ];

        /// Every check by its name, with what is promised and what its breach usually means.
        ///
        $(
            #[doc = concat!("\n# `", stringify!($family), "`\n\n| check | promise | usually |\n|---|---|---|")]
            $(#[doc = concat!("| `", stringify!($check), "` | ", $promise, " | ", $usually, " |")])*
        )*
        pub mod checks {}
    };
}

crate::conformance_checks!(conformance_promises! {});

/// Finds a check's promise.
pub(super) fn promise(family: &str, check: &str) -> Option<&'static Promise> {
    PROMISES.iter().find(|promise| promise.family == family && promise.check == check)
}
