//! The key of `hash_by` is part of the record.
use rama_runtime::prelude::*;

pub use record::View;
mod record {
    #[derive(Clone, serde::Serialize, serde::Deserialize)]
    pub struct View {
        pub user: String,
    }
}

#[module]
pub struct M {
    #[depot(hash_by = |view| &view.usr)]
    input: Depot<View>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, view: View) {
            println!("{}", view.user);
        }
    }
}

fn main() {}
