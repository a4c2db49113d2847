//! Only topologies append to a `disallow` depot.
use rama_runtime::prelude::*;

#[module]
pub struct M {
    #[depot(random)]
    input: Depot<u64>,
    #[depot(disallow)]
    output: Depot<u64>,
    #[pstate(owner = take)]
    totals: PState<Map<u64, u64>>,
    #[pstate(owner = take, private)]
    secret: PState<u64>,
}

topology! {
    impl M {
        #[stream(source = input)]
        async fn take(&mut self, n: u64) {
            println!("{n}");
        }
    }
}

pub async fn client(app: MClient) -> rama_runtime::Result<()> {
    app.output().append(1).await?;
    Ok(())
}

fn main() {}
