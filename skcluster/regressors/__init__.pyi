from ._paper_networks import ANNRegressor as ANNRegressor
from ._paper_networks import CNNRegressor as CNNRegressor
from ._paper_networks import MDMRegressor as MDMRegressor
from ._set_regressor import SetRegressor as SetRegressor
from ._targets import NamedTargetRegressor as NamedTargetRegressor
from ._targets import TargetMinMaxScaler as TargetMinMaxScaler
from ._targets import TargetScaler as TargetScaler
from .networks.pretrained import save_pretrained as save_pretrained
